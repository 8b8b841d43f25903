import type { Readable, Writable } from 'node:stream'
import type { LockOwner } from './input/file-lock.js'
import type { QuietLogger } from './log-repeats.js'
import type { Shutdown } from './shutdown.js'

/** Where records are printed. */
export type Output = {
  readonly stream: Writable
  /** Its descriptor where it is a regular file. */
  readonly file: number | undefined
  readonly terminal: boolean
  readonly colour: boolean
}

/** Where the log goes, and the live table where it is a terminal. */
export type Screen = {
  write(text: string): void
  readonly terminal: boolean
  readonly colour: boolean
  columns(): number
  rows(): number
  /** From now on log lines go to `write`, for one who draws on the screen too; back without it. */
  divertLog(write?: (text: string) => void): void
}

/** What a command gets from the process it runs in; `cli.ts` makes it. */
export type Program = {
  readonly version: string
  readonly log: QuietLogger
  readonly stdin: Readable
  readonly stdout: Output
  readonly screen: Screen
  readonly env: Readonly<Record<string, string | undefined>>
  /** The folder that relative paths start from. */
  readonly cwd: string
  /** This process, for locks. */
  readonly owner: LockOwner
  readonly shutdown: Shutdown
  /** Calls back on every SIGHUP that asks for a reload. */
  onHangup(reload: () => void): void
}
