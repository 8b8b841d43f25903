import type { Writable } from 'node:stream'
import type { Logger } from './log.js'
import type { Shutdown } from './shutdown.js'

/** Where records are printed. */
export type Output = {
  readonly stream: Writable
  readonly terminal: boolean
  readonly colour: boolean
}

/** What a command gets from the process it runs in; `cli.ts` makes it. */
export type Program = {
  readonly version: string
  readonly log: Logger
  readonly stdout: Output
  readonly env: Readonly<Record<string, string | undefined>>
  /** The folder that relative paths start from. */
  readonly cwd: string
  readonly shutdown: Shutdown
  /** Calls back on every SIGHUP that asks for a reload. */
  onHangup(reload: () => void): void
}
