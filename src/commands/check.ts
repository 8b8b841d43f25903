import { CLASSIC_ENTRIES } from '../classic/entry.js'
import { KEY_LIFE_DAYS, keyAge } from '../classic/entry-key.js'
import { systemClock } from '../clock.js'
import { connect } from '../connection/connect.js'
import { StreamError } from '../errors.js'
import { type LoadedInput, type LoadOptions, loadInput } from '../input/load-input.js'
import { createLimiter } from '../net/limiter.js'
import { NEW_CENTRAL_ENTRIES } from '../newcentral/entry.js'
import { Tokens } from '../newcentral/tokens.js'
import type { Program } from '../program.js'
import { createKeyCheck, createProbe, createTokenCheck } from './check-central.js'
import { runCheck } from './check-entries.js'
import { type CheckReport, checkJson, formatCheck } from './check-report.js'
import { checkExitCode } from './exit-code.js'
import type { CheckSettings } from './settings.js'

/**
 * `aruba-stream check`: says on stdout whether file, keys and topics are in order. Writes no file.
 * A signal ends it with what is known by then.
 * @returns the exit code
 */
export async function check(settings: CheckSettings, program: Program): Promise<number> {
  const { verifyCertificates, offline, json } = settings
  const { shutdown, stdout, screen, version } = program
  const userAgent = `aruba-stream/${version}`
  const signal = shutdown.stopping

  const tokens = new Tokens({ userAgent, verifyCertificates, limiter: createLimiter() })
  const validateKey = createKeyCheck({ userAgent, verifyCertificates, signal })
  const getToken = createTokenCheck(tokens, signal)
  const probe = createProbe(connect, {
    ...{ userAgent, verifyCertificates, signal, tokens },
    env: program.env,
    clock: systemClock,
  })

  const { entries, disabled, warnings, problems } = await load(settings.inputFile, {
    services: [CLASSIC_ENTRIES, NEW_CENTRAL_ENTRIES],
    defaultHost: settings.host,
    needsHost: !offline,
    stdin: program.stdin,
    signal,
  })
  const results = await runCheck({
    entries: entries.map((entry) => ({ ...entry, host: entry.hostname ?? settings.host })),
    offline,
    signal,
    validate: (entry) => (entry.client ? getToken(entry) : validateKey(entry)),
    probe,
    keyAge: (key) => keyAge(key, Date.now()),
    keyLifeDays: KEY_LIFE_DAYS,
  })
  const report: CheckReport = {
    results,
    disabled,
    problems,
    warnings,
    interrupted: shutdown.interrupted,
  }
  const columns = stdout.terminal ? screen.columns() : undefined
  const text = json ? checkJson(report) : formatCheck(report, { columns, colour: stdout.colour })
  stdout.stream.write(text)
  return checkExitCode(report)
}

async function load(
  path: string,
  options: LoadOptions,
): Promise<LoadedInput & { readonly problems: readonly string[] }> {
  try {
    return { ...(await loadInput(path, options)), problems: [] }
  } catch (error) {
    if (!(error instanceof StreamError)) throw error
    return { entries: [], disabled: [], warnings: [], problems: error.problems }
  }
}
