import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generate, type SubjectAltNameEntry } from 'selfsigned'

/** A certificate and its key, PEM; what `startCentral({ tls })` takes. */
export type Certificate = { readonly key: string; readonly cert: string }

type Certificates = {
  /** For localhost and 127.0.0.1, good for a day. */
  readonly good: Certificate
  /** For localhost and 127.0.0.1, ran out an hour ago. */
  readonly expired: Certificate
  /** For the name `other.example` only. */
  readonly otherName: Certificate
  /** All three as authorities, PEM: who trusts this sees each one's own fault and no other. */
  readonly ca: string
  /** A file with `ca`, for `NODE_EXTRA_CA_CERTS`; removed when the process ends. */
  readonly caFile: string
}

const HOUR_MS = 3_600_000
const LOOPBACK: SubjectAltNameEntry[] = [
  { type: 2, value: 'localhost' },
  { type: 7, ip: '127.0.0.1' },
]

let made: Promise<Certificates> | undefined

/** Self-signed certificates, made once a process. */
export function certificates(): Promise<Certificates> {
  made ??= makeAll()
  return made
}

async function makeAll(): Promise<Certificates> {
  const now = Date.now()
  const good = await make('localhost', LOOPBACK, now - HOUR_MS, now + 24 * HOUR_MS)
  const expired = await make('localhost', LOOPBACK, now - 24 * HOUR_MS, now - HOUR_MS)
  const otherNames: SubjectAltNameEntry[] = [{ type: 2, value: 'other.example' }]
  const otherName = await make('other.example', otherNames, now - HOUR_MS, now + 24 * HOUR_MS)
  const ca = [good, expired, otherName].map(({ cert }) => cert).join('\n')
  const folder = mkdtempSync(join(tmpdir(), 'aruba-stream-ca-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const caFile = join(folder, 'ca.pem')
  writeFileSync(caFile, ca)
  return { good, expired, otherName, ca, caFile }
}

async function make(
  name: string,
  altNames: SubjectAltNameEntry[],
  fromMs: number,
  untilMs: number,
): Promise<Certificate> {
  const pem = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(fromMs),
    notAfterDate: new Date(untilMs),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames },
    ],
  })
  return { key: pem.private, cert: pem.cert }
}
