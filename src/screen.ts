import type { WriteStream } from 'node:tty'
import { SHOW_CURSOR } from './cursor.js'

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

type Environment = Readonly<Record<string, string | undefined>>

/** What only the process itself does with its screen. */
export type OwnScreen = Screen & {
  /** Writes a line of the log, where {@link Screen.divertLog} sends it. */
  log(text: string): void
  /** Shows the cursor again, at the end. */
  restore(): void
}

/** Makes the screen of a process. */
export function createScreen(stderr: WriteStream, env: Environment): OwnScreen {
  // Whoever read the log went away; that is no reason to stop delivering.
  stderr.on('error', () => {})
  const write = (text: string) => {
    stderr.write(text)
  }
  let logWrite = write
  return {
    write,
    log: (text) => logWrite(text),
    restore() {
      // Who diverts the log draws on the screen, and hides the cursor for it.
      if (logWrite !== write) write(SHOW_CURSOR)
    },
    terminal: stderr.isTTY === true && env.TERM !== 'dumb',
    colour: hasColour(stderr, env),
    // A terminal that nobody sized has 0 of both, such as a serial console.
    columns: () => stderr.columns || 80,
    rows: () => stderr.rows || 24,
    divertLog(diverted = write) {
      logWrite = diverted
    },
  }
}

/** NO_COLOR counts when it is set and not empty (no-color.org). */
export function hasColour(stream: { isTTY?: boolean }, env: Environment): boolean {
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
}
