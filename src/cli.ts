#!/usr/bin/env node
import { fstatSync } from 'node:fs'
import { untilAborted } from './clock.js'
import { StreamError } from './errors.js'
import { isJournal } from './log.js'
import { main } from './program.js'
import { createScreen, hasColour } from './report/screen.js'
import { Shutdown, Terminals } from './shutdown.js'

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
const terminals = new Terminals()
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

/** @throws StreamError where the current folder was deleted */
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
const code = await main(process.argv.slice(2), {
  stdin: () => process.stdin,
  stdout: {
    stream: process.stdout,
    fd: 1,
    file: fstatSync(1).isFile() ? 1 : undefined,
    terminal: process.stdout.isTTY === true,
    colour: hasColour(process.stdout, process.env),
  },
  screen,
  journal: isJournal(process.env.JOURNAL_STREAM, fstatSync(2)),
  env: process.env,
  script: process.argv[1] ?? '',
  cwd: currentFolder,
  owner: { pid: process.pid, isAlive },
  shutdown,
  onHangup(callback) {
    reload = callback
    if (hangups > 0) callback()
  },
  onUnexpectedError(report) {
    const fail = (error: unknown) => {
      failed = true
      report(error)
    }
    process.on('uncaughtException', fail)
    process.on('unhandledRejection', fail)
  },
})
isEnding = true
clearInterval(awake)
process.exitCode = failed ? 1 : code
await stdoutRead()
shutdown.done()
// All is delivered and written. What a user's module left open must not keep the process alive.
setTimeout(() => leave(failed ? 1 : code), LINGER_MS).unref()
