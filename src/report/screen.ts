import type { WriteStream } from 'node:tty'

/** stderr: where the log goes and, on a terminal, the live table. */
export type Screen = {
  /** Returns false where the text was dropped, since too much waits for the reader of stderr. */
  write(text: string): boolean
  readonly terminal: boolean
  readonly colour: boolean
  columns(): number
  rows(): number
  /** Calls back when the size of the terminal has changed. */
  onResize(callback: () => void): void
  /** Sends log lines to `write` from now on, for the live table; without it, to stderr again. */
  divertLog(write?: (text: string) => boolean): void
}

/** The screen as `cli.ts` makes it. */
export type ProcessScreen = Screen & {
  /** Writes a log line to where {@link Screen.divertLog} sends it. */
  log(text: string): boolean
  /** Shows the cursor again, at the end. */
  restore(): void
}

type Environment = Readonly<Record<string, string | undefined>>

/** Sequences that hide and show the cursor of a terminal. */
export const HIDE_CURSOR = '\x1b[?25l'
export const SHOW_CURSOR = '\x1b[?25h'

/** Bytes that may wait for the reader of stderr. */
const MAX_WAITING = 1 << 20

/** Makes the screen of the process. */
export function createScreen(stderr: WriteStream, env: Environment): ProcessScreen {
  // Delivery goes on when the reader of the log is gone.
  stderr.on('error', () => {})
  const write = (text: string) => {
    if (stderr.writableLength > MAX_WAITING) return false
    stderr.write(text)
    return true
  }
  let logWrite = write
  return {
    write,
    log: (text) => logWrite(text),
    restore() {
      // Only the table diverts the log, and hides the cursor.
      if (logWrite !== write) write(SHOW_CURSOR)
    },
    terminal: stderr.isTTY === true && env.TERM !== 'dumb',
    colour: hasColour(stderr, env),
    // Some terminals, such as a serial console, report 0 for both.
    columns: () => stderr.columns || 80,
    rows: () => stderr.rows || 24,
    onResize: (callback) => void stderr.on('resize', callback),
    divertLog(diverted = write) {
      logWrite = diverted
    },
  }
}

/** Whether a stream gets colours. `NO_COLOR` counts if it is not empty, see no-color.org. */
export function hasColour(stream: { isTTY?: boolean }, env: Environment): boolean {
  return stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb'
}
