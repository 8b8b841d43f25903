import { fsync, write } from 'node:fs'
import { promisify } from 'node:util'
import { untilAborted } from '../clock.js'
import { errorText } from '../errors.js'
import { FileTrouble, type FileTroubleOptions } from '../files/file-trouble.js'

const writeSome = promisify(write)
const sync = promisify(fsync)

/** An operating system's "no" that no waiting turns into a "yes": the descriptor is not for writing. */
const HOPELESS = 'EBADF'

export type FileOutputOptions = FileTroubleOptions & {
  /** Aborts when a write that fails is not to be tried again. */
  readonly signal: AbortSignal
  /** Aborts when the file must be let go of. */
  readonly over: AbortSignal
}

/**
 * A regular file that somebody else opened (`> records.ndjson`). Node's own stream takes a write that
 * the disk had room for in part as done; here the rest follows when there is room again.
 */
export class FileOutput {
  readonly #fd: number
  readonly #trouble: FileTrouble
  readonly #options: FileOutputOptions

  constructor(fd: number, options: FileOutputOptions) {
    this.#fd = fd
    this.#options = options
    this.#trouble = new FileTrouble(options)
    options.signal.addEventListener('abort', () => this.#trouble.endPause(), { once: true })
  }

  /**
   * Writes all of it, however long that takes, unless `signal` aborts. One call at a time.
   * @param taken is told how many bytes the file has, where it did not take all of them at once
   * @throws the operating system's error where waiting is no use, or there is no time for it
   */
  async write(chunk: Uint8Array, taken: (bytes: number) => void): Promise<void> {
    for (let written = 0; written < chunk.length; ) {
      try {
        written += (await writeSome(this.#fd, chunk, written)).bytesWritten
        if (written < chunk.length) taken(written)
        this.#trouble.eased()
      } catch (error) {
        const isHopeless = (error as NodeJS.ErrnoException).code === HOPELESS
        if (isHopeless || this.#options.signal.aborted) throw error
        await this.#trouble.failed(error)
      }
    }
    this.#trouble.mended()
  }

  /** Makes sure of what was written: a network file system tells of a full disk no earlier. */
  async close(): Promise<void> {
    const { label, log, over } = this.#options
    try {
      await untilAborted(sync(this.#fd), over)
    } catch (error) {
      if (!over.aborted) log.warn(`${label}: its last lines may be missing: ${errorText(error)}`)
    }
  }
}
