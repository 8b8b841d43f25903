import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startCentral } from '../helpers/central.js'
import { LOADER } from '../helpers/settings.js'
import { certificates } from '../helpers/tls.js'

const program = fileURLToPath(new URL('../helpers/first-status-main.js', import.meta.url))

type FirstStatus = { readonly type: string; readonly code?: string; readonly message?: string }

test('certificates of an authority that NODE_EXTRA_CA_CERTS names are trusted, unless they are wrong', async (t) => {
  const { good, expired, otherName, caFile } = await certificates()
  const urls: string[] = []
  for (const tls of [good, expired, otherName]) urls.push((await startCentral(t, { tls })).url)
  // Node reads NODE_EXTRA_CA_CERTS when it starts.
  const { stdout } = await promisify(execFile)(process.execPath, [...LOADER, program, ...urls], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: caFile },
    timeout: 120_000,
  })
  const [trusted, late, other] = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as FirstStatus)
  assert.equal(trusted?.type, 'open')
  assert.equal(late?.code, 'certificate-untrusted')
  assert.match(late?.message ?? '', /expired.*clock/)
  assert.equal(other?.code, 'certificate-untrusted')
  assert.match(other?.message ?? '', /another name/)
})
