import type { Readable, Writable } from 'node:stream'
import type { LockOwner } from './input/file-lock.js'
import type { CollapsingLogger } from './report/collapse-repeats.js'
import type { RecentLog } from './report/recent-log.js'
import type { Screen } from './report/screen.js'
import type { Shutdown } from './shutdown.js'

/** stdout, where records are printed. */
type Stdout = {
  readonly stream: Writable
  readonly fd: number
  /** The same descriptor where it is a regular file. */
  readonly file: number | undefined
  readonly terminal: boolean
  readonly colour: boolean
}

/** What a command gets from its process; `cli.ts` makes it. */
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
  /** The folder that relative paths start from. */
  readonly cwd: string
  /** This process, as the owner of locks. */
  readonly owner: LockOwner
  readonly shutdown: Shutdown
  /** Calls back on every SIGHUP that asks for a reload. */
  onHangup(reload: () => void): void
}
