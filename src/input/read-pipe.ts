import { constants, open as openFile } from 'node:fs'
import { Socket } from 'node:net'
import { promisify } from 'node:util'
import type { ReadOptions } from './read-text.js'
import { UnreadableFile } from './unreadable-file.js'

const open = promisify(openFile)

/** Long enough to type a pass phrase for what writes into the pipe. */
const SILENCE_MS = 30_000

/**
 * Reads a FIFO to its end, which comes when all writers have closed it. Files are opened and read by
 * threads, of which there are few: one that waits for a writer could never be called back, not even
 * to exit. A pipe that does not block is waited for by the event loop instead.
 * @returns its bytes; iterating throws UnreadableFile where nobody writes for too long
 */
export async function readPipe(
  path: string,
  { signal, silenceMs = SILENCE_MS }: ReadOptions,
): Promise<Socket> {
  const fd = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const pipe = new Socket({ fd, readable: true, writable: false, ...(signal && { signal }) })
  pipe.setTimeout(silenceMs, () => {
    const silence = `nobody has written into this pipe for ${silenceMs / 1000} s`
    pipe.destroy(new UnreadableFile(`${silence}; expected the input file`))
  })
  return pipe
}
