import { KEY_LIFE_DAYS } from '../../src/classic/entry-key.js'
import type { Topic } from '../../src/classic/topics.js'
import { systemClock } from '../../src/clock.js'
import { createKeyCheck, createProbe } from '../../src/commands/check.js'
import { type CheckEntry, type CheckResult, runCheck } from '../../src/commands/check-entries.js'
import type { CheckReport } from '../../src/commands/check-report.js'
import { connect } from '../../src/connection/connect.js'
import { parseHost } from '../../src/net/host.js'
import { createLimiter } from '../../src/net/limiter.js'
import { Tokens } from '../../src/newcentral/tokens.js'
import { Secret } from '../../src/secret.js'

type TestEntry = CheckEntry & { readonly username: string | undefined }

export function checkEntry(name: string, topic: Topic, key: string, url?: string): TestEntry {
  const host = url === undefined ? undefined : parseHost(url)
  return { name, topic, label: name, key: new Secret(key), host, username: 'abc@example.com' }
}

type CheckOverrides = {
  readonly offline?: boolean
  readonly keyAge?: (key: Secret) => number | undefined
  readonly verifyCertificates?: boolean
  readonly signal?: AbortSignal
}

/** The report of a check that came to its end, of a file without problems. */
export function reportOf(results: readonly CheckResult[]): CheckReport {
  return { results, problems: [], warnings: [], interrupted: false }
}

/** `runCheck` over real sockets. */
export function check(
  entries: readonly TestEntry[],
  overrides: CheckOverrides = {},
): Promise<CheckResult[]> {
  const { offline = false, keyAge, verifyCertificates = true } = overrides
  const { signal = new AbortController().signal } = overrides
  const common = { userAgent: 'aruba-stream/test', verifyCertificates, signal }
  return runCheck({
    entries,
    offline,
    signal,
    validate: createKeyCheck(common),
    probe: createProbe(connect, {
      ...common,
      tokens: new Tokens({ ...common, limiter: createLimiter() }),
      env: {},
      clock: systemClock,
    }),
    keyAge: keyAge ?? (() => undefined),
    keyLifeDays: KEY_LIFE_DAYS,
  })
}
