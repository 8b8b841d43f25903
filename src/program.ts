import type { Readable, Writable } from 'node:stream'
import type { Invocation } from './commands/command-line.js'
import type { LogSettings } from './commands/settings.js'
import { errorText, placeOf, StreamError } from './errors.js'
import type { LockOwner } from './input/file-lock.js'
import { createLogger, RecentLog } from './log.js'
import { printText } from './outputs/print-text.js'
import { VERSION } from './packages.js'
import { type CollapsingLogger, collapseRepeats } from './report/collapse-repeats.js'
import type { ProcessScreen, Screen } from './report/screen.js'
import type { Shutdown } from './shutdown.js'
import { printable } from './text.js'

/** stdout, where records are printed. */
type Stdout = {
  readonly stream: Writable
  readonly fd: number
  /** The same descriptor where it is a regular file. */
  readonly file: number | undefined
  readonly terminal: boolean
  readonly colour: boolean
}

/** What a command gets from its process. */
export type Program = {
  readonly version: string
  readonly log: CollapsingLogger
  /** Its last lines, for the status page. */
  readonly recentLog?: RecentLog
  /** Opens stdin. One that nobody opens stays as it is for other processes that read it. */
  readonly stdin: () => Readable
  readonly stdout: Stdout
  readonly screen: Screen
  readonly env: Readonly<Record<string, string | undefined>>
  /** The file that the process was started with. */
  readonly script: string
  /** The folder that relative paths start from. */
  readonly cwd: string
  /** This process, as the owner of locks. */
  readonly owner: LockOwner
  readonly shutdown: Shutdown
  /** Calls back on every SIGHUP that asks for a reload. */
  onHangup(reload: () => void): void
}

/** What a command line runs in: the process of `cli.ts`, or that of a test. */
export type Surroundings = Omit<Program, 'version' | 'log' | 'recentLog' | 'cwd' | 'screen'> & {
  readonly screen: Omit<ProcessScreen, 'restore'>
  /** stderr is the journal of systemd, see `isJournal`. */
  readonly journal: boolean
  /** @throws StreamError where the current folder was deleted */
  cwd(): string
  /** Hands over what logs an error that nothing expected and begins the end. */
  onUnexpectedError(fail: (error: unknown) => void): void
}

/**
 * Runs a command line.
 * @returns the exit code
 */
export async function main(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { shutdown } = surroundings
  const recentLog = new RecentLog()
  let log = openLog(surroundings, recentLog)
  const fail = (error: unknown) => {
    const place = placeOf(error)
    const where = place ? `at ${place}` : 'its stack is logged at --log_level debug'
    log.error(`unexpected error, which ends the program: ${errorText(error)} (${where})`, {
      code: 'unexpected',
    })
    if (error instanceof Error && error.stack) log.debug(error.stack)
    shutdown.begin('failure')
  }
  /** Whether the command ends by itself. A signal before that leaves something undone. */
  let finite = false
  try {
    // Loading what parses a command line takes half as long as Node itself.
    if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
      await printText(`${VERSION}\n`, surroundings)
      return 0
    }
    const { parseCommandLine } = await import('./commands/command-line.js')
    const invocation = parseCommandLine(args, VERSION)
    if (invocation.command === 'show') {
      await printText(invocation.text, surroundings)
      return 0
    }
    finite = invocation.command === 'check' || invocation.command === 'replay'
    if ('log' in invocation.settings) {
      log = openLog(surroundings, recentLog, invocation.settings.log)
    }
    surroundings.onUnexpectedError(fail)
    const cwd = surroundings.cwd()
    return await perform(invocation, { ...surroundings, version: VERSION, log, recentLog, cwd })
  } catch (error) {
    if (shutdown.stopping.aborted && error === shutdown.stopping.reason) {
      if (!finite || !shutdown.interrupted) return 0
      log.error('interrupted before anything was done')
      return 1
    }
    if (!(error instanceof StreamError)) {
      fail(error)
      return 1
    }
    reportFailure(error, surroundings, asksForJson(args))
    return error.exitCode
  } finally {
    log.flush()
  }
}

/** Loads only what the command needs. */
async function perform(
  invocation: Exclude<Invocation, { command: 'show' }>,
  program: Program,
): Promise<number> {
  switch (invocation.command) {
    case 'stream': {
      const { run } = await import('./commands/stream.js')
      return run(invocation.settings, program)
    }
    case 'check': {
      const { check } = await import('./commands/check.js')
      return check(invocation.settings, program)
    }
    case 'replay': {
      const { replay } = await import('./commands/replay.js')
      return replay(invocation.settings, program)
    }
    case 'topics': {
      const { topics } = await import('./commands/topics.js')
      return topics(invocation.settings, program)
    }
    case 'simulate': {
      const { simulate } = await import('./commands/simulate.js')
      return simulate(invocation.settings, program)
    }
  }
}

function openLog(
  { screen, journal }: Surroundings,
  recentLog: RecentLog,
  settings?: LogSettings,
): CollapsingLogger {
  const { colour, log: write } = screen
  const lines = createLogger({ ...settings, write, colour, journal })
  return collapseRepeats(recentLog.tap(lines))
}

/** Writes a failure to stderr, in the same form for every command. */
function reportFailure(
  { lines, code }: StreamError,
  { screen, journal }: Surroundings,
  json: boolean,
): void {
  const { error } = createLogger({ format: 'json', write: screen.write })
  for (const line of lines) {
    if (json) error(line, { code })
    // The journal adds the program's name. Without `<3>` it does not file the line as an error.
    else screen.write(`${journal ? '<3>' : 'aruba-stream: '}${printable(line)}\n`)
  }
}

/** Whether JSON is asked for, read from a command line that may be wrong. */
function asksForJson(args: readonly string[]): boolean {
  const json = /^--log[-_]format\njson$|^--log[-_]format=json$/m
  return json.test(args.join('\n'))
}
