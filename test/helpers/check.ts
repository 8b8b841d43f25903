import { type CheckEntry, type CheckResult, runCheck } from '../../src/check/check.js'
import { createProbe } from '../../src/check/probe.js'
import { systemClock } from '../../src/clock.js'
import { connect } from '../../src/connection/connect.js'
import { StreamError } from '../../src/errors.js'
import { parseHost, validateUrl } from '../../src/host.js'
import { networkError } from '../../src/network-error.js'
import type { Topic } from '../../src/schema/topics.js'
import { Secret } from '../../src/secret.js'

export type TestEntry = CheckEntry & { readonly username: string | undefined }

export function checkEntry(name: string, topic: Topic, key: string, url?: string): TestEntry {
  const host = url === undefined ? undefined : parseHost(url)
  return { name, topic, key: new Secret(key), host, username: 'abc@example.com' }
}

export type CheckOverrides = {
  readonly offline?: boolean
  readonly concurrency?: number
  readonly keyAge?: (key: Secret) => number | undefined
  readonly verifyCertificates?: boolean
}

/** `runCheck` over real sockets. */
export function check(
  entries: readonly TestEntry[],
  { offline = false, concurrency = 20, keyAge, verifyCertificates = true }: CheckOverrides = {},
): Promise<CheckResult[]> {
  return runCheck({
    entries,
    offline,
    concurrency,
    validate,
    probe: createProbe(connect, {
      userAgent: 'aruba-stream/test',
      verifyCertificates,
      clock: systemClock,
      signal: new AbortController().signal,
    }),
    keyAge: keyAge ?? (() => undefined),
  })
}

async function validate({ host, key }: { host: CheckEntry['host']; key: Secret }) {
  if (!host) throw new Error('an entry without a host is not asked about')
  let response: Response
  try {
    response = await fetch(validateUrl(host), { headers: { Authorization: key.reveal() } })
  } catch (error) {
    throw networkError(error, host.authority)
  }
  if (response.status === 401) {
    throw new StreamError(
      'key-refused',
      `${host.authority} refused the key: paste the one that Central shows`,
    )
  }
  if (!response.ok)
    throw new StreamError('unavailable', `${host.authority} answered ${response.status}`)
  return new Secret(JSON.parse(await response.text()).token)
}
