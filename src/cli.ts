#!/usr/bin/env node
import { closeSync, fstatSync, readFileSync } from 'node:fs'
import { untilAborted } from './clock.js'
import { type Invocation, parseCommandLine } from './commands/command-line.js'
import type { LogSettings } from './commands/settings.js'
import { StreamError } from './errors.js'
import { type CollapsingLogger, collapseRepeats, createLogger, isJournal } from './log.js'
import type { Program } from './program.js'
import { createScreen, hasColour } from './screen.js'
import { Shutdown } from './shutdown.js'
import { printable } from './text.js'

/** How long something that a user's module left behind may keep the process when all is done. */
const LINGER_MS = 200
/**
 * A Ctrl-C goes to every process of the terminal, and a parent such as npx may pass its own on: one key
 * press then comes twice within milliseconds. Nobody presses twice this fast.
 */
const ECHO_MS = 200
/** Any time that a timer takes. */
const AWAKE_MS = 2 ** 30

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const { version } = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
) as { version: string }

const shutdown = new Shutdown(() => leave(1))
const screen = createScreen(process.stderr, process.env)
/** What was asked for is done, or given up by us: any other end of the process is not ours. */
let performed = false
let hangups = 0
let reload: (() => void) | undefined
/** An error that nothing caught: the end is as orderly as any, but it is a failure. */
let failed = false
/** The terminal that stdin, stdout or stderr led to is no more. */
let terminalGone = false
let asked: { readonly signal: NodeJS.Signals; readonly atMs: number } | undefined

/** Ends the process at once; for a second signal and for what is still left when time is up. */
function leave(code: number): void {
  screen.restore()
  // exit() waits for file operations under way, for ever where a network file system hangs. A signal
  // then ends the process as if nobody listened.
  for (const signal of SIGNALS) process.removeAllListeners(signal)
  performed = true
  process.exit(code)
}

/** The first signal ends the program in order, a second one at once. */
function askToEnd(signal: NodeJS.Signals): void {
  const atMs = performance.now()
  if (!asked) {
    asked = { signal, atMs }
    shutdown.begin()
  } else if (signal !== asked.signal || atMs - asked.atMs >= ECHO_MS) leave(1)
}

function terminals() {
  return [process.stdin, process.stdout, process.stderr].filter(({ isTTY }) => isTTY)
}

/**
 * At its end Node sets the terminal right again, and some (20.20) abort where it is gone; what is
 * closed they leave alone.
 */
function closeTerminals(): void {
  if (!terminalGone) return
  for (const { fd } of terminals()) {
    try {
      closeSync(fd)
    } catch {
      // Closed before: nothing to set right.
    }
  }
}

function hangUp(): void {
  if (terminals().length > 0) {
    // Nobody can ask for anything any more.
    terminalGone = true
    askToEnd('SIGHUP')
    return
  }
  hangups++
  reload?.()
}

/** Resolves when a slow reader has taken all that was printed, when it is gone, or time is up. */
async function written(): Promise<void> {
  const taken = new Promise<void>((resolve) => process.stdout.write('', () => resolve()))
  await untilAborted(taken, shutdown.expired).catch(() => undefined)
}

async function main(): Promise<number> {
  let invocation: Invocation
  try {
    invocation = parseCommandLine(process.argv.slice(2), version)
  } catch (error) {
    if (!(error instanceof StreamError)) throw error
    screen.write(`aruba-stream: ${printable(error.message)}\n`)
    return error.exitCode
  }
  if (invocation.command === 'show') {
    process.stdout.write(invocation.text)
    return 0
  }
  const { settings } = invocation
  const program = createProgram('log' in settings ? settings.log : undefined)
  const onError = (error: unknown) => fail(error, program.log)
  process.on('uncaughtException', onError)
  process.on('unhandledRejection', onError)
  try {
    return await perform(invocation, program)
  } catch (error) {
    if (shutdown.stopping.aborted && error === shutdown.stopping.reason) return 0
    if (!(error instanceof StreamError)) {
      onError(error)
      return 1
    }
    for (const line of error.message.split('\n')) program.log.error(line)
    return error.exitCode
  } finally {
    program.log.flush()
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
    case 'simulate': {
      const { simulate } = await import('./commands/simulate.js')
      return simulate(invocation.settings, program)
    }
  }
}

function createProgram(settings: LogSettings = { format: 'text', level: 'info' }): Program {
  return {
    version,
    log: collapseRepeats(
      createLogger({
        ...settings,
        write: screen.log,
        colour: screen.colour,
        journal: isJournal(process.env.JOURNAL_STREAM, fstatSync(2)),
      }),
    ),
    stdin: process.stdin,
    stdout: {
      stream: process.stdout,
      file: fstatSync(1).isFile() ? 1 : undefined,
      terminal: process.stdout.isTTY === true,
      colour: hasColour(process.stdout, process.env),
    },
    screen,
    env: process.env,
    cwd: process.cwd(),
    owner: { pid: process.pid, isAlive },
    shutdown,
    onHangup(callback) {
      reload = callback
      if (hangups > 0) callback()
    },
  }
}

/** Signal 0 is sent to nobody: it only tells whether there is somebody. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** An error that nothing expected: said with its stack for whoever reports it, and the end begins. */
function fail(error: unknown, log: CollapsingLogger): void {
  failed = true
  log.error(`unexpected error: ${error instanceof Error ? error.message : String(error)}`)
  if (error instanceof Error && error.stack) log.debug(error.stack)
  shutdown.begin()
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, askToEnd)
process.on('SIGHUP', hangUp)
// Who writes is told by the write itself; without a listener Node would end the program for it.
process.stdout.on('error', () => {})
process.on('exit', () => {
  if (!performed) {
    screen.restore()
    screen.write(
      'aruba-stream: process.exit() was called in a module; what was under way is lost\n',
    )
    process.exitCode = 1
  }
  closeTerminals()
})
// A promise alone keeps no process: where a user's module never settles one, Node would end with 13.
const awake = setInterval(() => {}, AWAKE_MS)
const code = await main()
performed = true
clearInterval(awake)
process.exitCode = failed ? 1 : code
await written()
shutdown.done()
// All is delivered and written; what a user's module left running must not hold the process.
setTimeout(() => leave(failed ? 1 : code), LINGER_MS).unref()
