import { KEY_LIFE_DAYS, keyAge } from '../classic/key-age.js'
import { validateKey } from '../classic/validate-key.js'
import { systemClock } from '../clock.js'
import { connect } from '../connection/connect.js'
import { StreamError } from '../errors.js'
import { type InputFile, loadInput } from '../input/load-input.js'
import type { Host } from '../net/host.js'
import type { Program } from '../program.js'
import type { Secret } from '../secret.js'
import { type CheckResult, runCheck } from './check-entries.js'
import { createProbe } from './check-probe.js'
import { checkJson, formatCheck } from './check-report.js'
import { checkExitCode } from './check-verdict.js'
import type { CheckSettings } from './settings.js'

/**
 * `aruba-stream check`: tells whether file, keys and topics are in order, on stdout. Writes no file.
 * @returns the exit code: 0, 1 (Central could not be asked), 2 (the file) or 3 (refused)
 */
export async function check(settings: CheckSettings, program: Program): Promise<number> {
  const { verifyCertificates, offline, json } = settings
  const { shutdown, stdout, version } = program
  const userAgent = `aruba-stream/${version}`
  const signal = shutdown.stopping

  const validate = async ({ host, key }: { host: Host; key: Secret }): Promise<Secret> => {
    const answer = await validateKey({ host, key, verifyCertificates, userAgent, signal })
    return answer.type === 'renewed' ? answer.key : key
  }

  const probe = createProbe(connect, { userAgent, verifyCertificates, signal, clock: systemClock })

  const { file, problems } = await load(settings.inputFile)
  const entries = file.entries.map((entry) => ({ ...entry, host: entry.hostname ?? settings.host }))
  const results: CheckResult[] = await runCheck({
    entries,
    offline,
    validate,
    probe,
    keyAge: (key) => keyAge(key, Date.now()),
    keyLifeDays: KEY_LIFE_DAYS,
  })
  const report = { results, problems, warnings: file.warnings }
  const columns = stdout.terminal ? program.screen.columns() : undefined
  const text = json ? checkJson(report) : formatCheck(report, { columns, colour: stdout.colour })
  stdout.stream.write(text.endsWith('\n') ? text : `${text}\n`)
  return checkExitCode(results, problems)
}

async function load(path: string): Promise<{ file: InputFile; problems: string[] }> {
  try {
    return { file: await loadInput(path), problems: [] }
  } catch (error) {
    if (!(error instanceof StreamError)) throw error
    const [first = '', ...others] = error.message.split('\n').map((line) => line.trim())
    // Where there are several, the first line only says so.
    return {
      file: { entries: [], warnings: [] },
      problems: others.length > 0 ? others : [first],
    }
  }
}
