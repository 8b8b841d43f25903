import { fsync, write } from 'node:fs'
import { promisify } from 'node:util'
import { errorText } from '../error-text.js'
import { FileTrouble, type FileTroubleOptions } from './file-trouble.js'

const writeSome = promisify(write)
const sync = promisify(fsync)

/** An operating system's "no" that no waiting turns into a "yes": the descriptor is not for writing. */
const HOPELESS = 'EBADF'

/**
 * A regular file that somebody else opened (`> records.ndjson`). Node's own stream takes a write that
 * the disk had room for in part as done; here the rest follows when there is room again.
 */
export class FileOutput {
  readonly #fd: number
  readonly #signal: AbortSignal
  readonly #trouble: FileTrouble
  readonly #options: FileTroubleOptions

  /** @param options `signal` aborts when what is left must be given up */
  constructor(fd: number, options: FileTroubleOptions & { readonly signal: AbortSignal }) {
    this.#fd = fd
    this.#options = options
    this.#signal = options.signal
    this.#trouble = new FileTrouble(options)
    options.signal.addEventListener('abort', () => this.#trouble.endPause(), { once: true })
  }

  /**
   * Writes all of it, however long that takes, unless the signal aborts. One call at a time.
   * @throws the operating system's error where waiting is no use
   */
  async write(chunk: Uint8Array): Promise<void> {
    for (let written = 0; written < chunk.length; ) {
      if (this.#signal.aborted) return
      try {
        written += (await writeSome(this.#fd, chunk, written)).bytesWritten
        this.#trouble.eased()
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === HOPELESS) throw error
        await this.#trouble.failed(error)
      }
    }
    this.#trouble.mended()
  }

  /** Makes sure of what was written: a network file system tells of a full disk no earlier. */
  async close(): Promise<void> {
    if (this.#signal.aborted) return
    try {
      await sync(this.#fd)
    } catch (error) {
      const { label, log } = this.#options
      log.warn(`${label}: its last lines may be missing: ${errorText(error)}`)
    }
  }
}
