#!/usr/bin/env node
import { fstatSync } from 'node:fs'
import { untilAborted } from './clock.js'
import type { Invocation } from './commands/command-line.js'
import type { LogSettings } from './commands/settings.js'
import { StreamError } from './errors.js'
import { createLogger, isJournal } from './log.js'
import { VERSION } from './packages.js'
import type { Program } from './program.js'
import { type CollapsingLogger, collapseRepeats } from './report/collapse-repeats.js'
import { RecentLog } from './report/recent-log.js'
import { createScreen, hasColour } from './report/screen.js'
import { Shutdown, Terminals } from './shutdown.js'
import { printable } from './text.js'

/** How long a timer or socket that a user's module left open keeps the process when all is done. */
const LINGER_MS = 200
/**
 * Ctrl-C signals every process of the terminal, and a parent such as npx may pass its own signal on:
 * one key press then comes twice within milliseconds. Nobody presses twice this fast.
 */
const ECHO_MS = 200
/** How soon after a SIGHUP its terminal is looked at again: some send the signal before they close it. */
const LOOK_AGAIN_MS = 1_000
/** Nearly the longest delay of a timer. */
const AWAKE_MS = 2 ** 30

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const shutdown = new Shutdown(() => leave(1))
const screen = createScreen(process.stderr, process.env)
const journal = isJournal(process.env.JOURNAL_STREAM, fstatSync(2))
const terminals = new Terminals()
const recentLog = new RecentLog()
let log = openLog()
/** Whether the program itself ends the process. Otherwise a module has called `process.exit()`. */
let isEnding = false
let hangups = 0
let reload: (() => void) | undefined
/** An unexpected error came: the program ends in order, with exit code 1. */
let failed = false
let asked: { readonly signal: NodeJS.Signals; readonly atMs: number } | undefined

/** Ends the process at once: after a second signal, or when time is up. */
function leave(code: number): void {
  screen.restore()
  // exit() waits for file operations under way, which never end where a network file system hangs.
  // Without listeners, the next signal ends the process in any case.
  for (const signal of SIGNALS) process.removeAllListeners(signal)
  isEnding = true
  process.exit(code)
}

/** The first signal ends the program in order, a second one at once. */
function askToEnd(signal: NodeJS.Signals): void {
  const atMs = performance.now()
  if (!asked) {
    asked = { signal, atMs }
    shutdown.begin('signal')
  } else if (signal !== asked.signal || atMs - asked.atMs >= ECHO_MS) leave(1)
}

/** SIGHUP: the terminal has hung up, and the program ends; or a user asks for a reload. */
function hangUp(): void {
  if (terminals.hungUp) {
    askToEnd('SIGHUP')
    return
  }
  hangups++
  reload?.()
  const lookAgain = () => {
    if (!asked && terminals.hungUp) askToEnd('SIGHUP')
  }
  setTimeout(lookAgain, LOOK_AGAIN_MS).unref()
}

/** Resolves when a slow reader has taken all that was printed, when it is gone, or when time is up. */
async function stdoutRead(): Promise<void> {
  const taken = new Promise<void>((resolve) => process.stdout.write('', () => resolve()))
  await untilAborted(taken, shutdown.graceOver).catch(() => undefined)
}

/** Writes a failure to stderr, in the same form for every command. */
function reportFailure({ lines, code }: StreamError, json: boolean): void {
  const { error } = createLogger({ format: 'json', write: screen.write })
  for (const line of lines) {
    if (json) error(line, { code })
    // The journal adds the program's name. Without `<3>` it does not file the line as an error.
    else screen.write(`${journal ? '<3>' : 'aruba-stream: '}${printable(line)}\n`)
  }
}

async function main(args: readonly string[]): Promise<number> {
  /** Whether the command ends by itself. A signal before that leaves something undone. */
  let finite = false
  try {
    // Loading what parses a command line takes half as long as Node itself.
    if (args.length === 1 && (args[0] === '--version' || args[0] === '-V')) {
      process.stdout.write(`${VERSION}\n`)
      return 0
    }
    const { parseCommandLine } = await import('./commands/command-line.js')
    const invocation = parseCommandLine(args, VERSION)
    if (invocation.command === 'show') {
      process.stdout.write(invocation.text)
      return 0
    }
    finite = invocation.command === 'check' || invocation.command === 'replay'
    if ('log' in invocation.settings) log = openLog(invocation.settings.log)
    process.on('uncaughtException', fail)
    process.on('unhandledRejection', fail)
    return await perform(invocation, createProgram())
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
    reportFailure(error, asksForJson(args))
    return error.exitCode
  } finally {
    log.flush()
  }
}

/** Whether JSON is asked for, read from a command line that may be wrong. */
function asksForJson(args: readonly string[]): boolean {
  const json = /^--log[-_]format\njson$|^--log[-_]format=json$/m
  return json.test(args.join('\n'))
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

function openLog(settings?: LogSettings): CollapsingLogger {
  const { colour } = screen
  const lines = createLogger({ ...settings, write: screen.log, colour, journal })
  return collapseRepeats(recentLog.tap(lines))
}

/** @throws StreamError where the current folder was deleted */
function createProgram(): Program {
  return {
    version: VERSION,
    log,
    recentLog,
    stdin: () => process.stdin,
    stdout: {
      stream: process.stdout,
      fd: 1,
      file: fstatSync(1).isFile() ? 1 : undefined,
      terminal: process.stdout.isTTY === true,
      colour: hasColour(process.stdout, process.env),
    },
    screen,
    env: process.env,
    cwd: currentFolder(),
    owner: { pid: process.pid, isAlive },
    shutdown,
    onHangup(callback) {
      reload = callback
      if (hangups > 0) callback()
    },
  }
}

function currentFolder(): string {
  try {
    return process.cwd()
  } catch {
    throw new StreamError(
      'usage',
      'the current folder was deleted, or may not be read; change to another one, and start again',
    )
  }
}

/** Signal 0 does nothing: sending it only tells whether the process exists. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Reports an error that nothing expected, and begins the end. */
function fail(error: unknown): void {
  failed = true
  log.error(`unexpected error: ${error instanceof Error ? error.message : String(error)}`)
  if (error instanceof Error && error.stack) log.debug(error.stack)
  shutdown.begin()
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, askToEnd)
process.on('SIGHUP', hangUp)
// Without a listener Node opens its inspector, which every user of this machine can connect to.
process.on('SIGUSR1', () => {})
// The callback of the write reports the error. Without a listener Node would end the program.
process.stdout.on('error', () => {})
process.on('exit', () => {
  if (!isEnding) {
    screen.restore()
    screen.write(
      'aruba-stream: process.exit() was called in a module; what was under way is lost\n',
    )
    process.exitCode = 1
  }
  if (terminals.hungUp) terminals.close()
})
// A pending promise does not keep Node alive: where a user's module never settles one, it would end with 13.
const awake = setInterval(() => {}, AWAKE_MS)
const code = await main(process.argv.slice(2))
isEnding = true
clearInterval(awake)
process.exitCode = failed ? 1 : code
await stdoutRead()
shutdown.done()
// All is delivered and written. What a user's module left open must not keep the process alive.
setTimeout(() => leave(failed ? 1 : code), LINGER_MS).unref()
