import { writeFileSync } from 'node:fs'
import { untilAborted } from '../clock.js'
import { StreamError, writeErrorText } from '../errors.js'
import type { Program } from '../program.js'

// EOF and ECONNRESET where stdout is a socket; the last ones where the stream was destroyed before.
const READER_GONE: ReadonlySet<unknown> = new Set([
  'EPIPE',
  'EOF',
  'ECONNRESET',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
])
/** A terminal that was closed; from anything else, it is a fault of the device. */
const TERMINAL_GONE = 'EIO'

/** Whether a write to stdout failed because nobody reads it any more (`| head`). */
export function isReaderGone({ code }: Error & { code?: unknown }, terminal: boolean): boolean {
  return READER_GONE.has(code) || (terminal && code === TERMINAL_GONE)
}

export function stdoutFault(error: unknown): StreamError {
  return new StreamError('output-closed', `stdout: cannot be written: ${writeErrorText(error)}`)
}

/**
 * Prints a text. Resolves when it is written, or nobody reads it any more.
 * @throws StreamError `output-closed` where it cannot be written
 */
export async function printText(
  text: string,
  { stdout, shutdown }: Pick<Program, 'stdout' | 'shutdown'>,
): Promise<void> {
  const { stream, file, terminal } = stdout
  const { graceOver } = shutdown
  try {
    // If a full disk takes only a part of a write, the stream counts the write as done.
    if (file !== undefined) return writeFileSync(file, text)
    const written = new Promise<void>((resolve, reject) => {
      stream.write(text, (error) => (error ? reject(error) : resolve()))
    })
    await untilAborted(written, graceOver)
  } catch (error) {
    if (graceOver.aborted || (error instanceof Error && isReaderGone(error, terminal))) return
    throw stdoutFault(error)
  }
}
