import { setMaxListeners } from 'node:events'
import type { Stats } from 'node:fs'
import { errorText } from '../error-text.js'
import { StreamError } from '../errors.js'
import type { Logger } from '../log.js'
import { LineWriter } from './line-writer.js'
import {
  endLastLine,
  type Mend,
  type OpenFile,
  openFault,
  openForAppend,
  statIfThere,
  unusableFile,
} from './open-for-append.js'

export type AppendFileOptions<Item> = {
  /** Who writes it, at the start of messages: `--record frames.ndjson`. */
  readonly label: string
  readonly log: Logger
  /** Aborts when what is left must be given up at once. */
  readonly signal: AbortSignal
  /** What became of lines: in the file, or given up with an error. */
  settled(items: readonly Item[], error: StreamError | undefined): void
  /** Counts a write that is tried again. */
  retried?(): void
  /** What must come before the first line; closes off a torn last line unless told otherwise. */
  readonly mend?: Mend
}

// A full disk is looked at again soon, and then every few seconds.
const FAULT_PAUSE_MS = { first: 200, longest: 5000 }
// A pipe whose reader is slow: that is no fault, and room comes soon.
const PIPE_PAUSE_MS = { first: 5, longest: 100 }

/**
 * A file that grows by whole lines, in order. What the write call has taken is settled, and survives a
 * kill of this process. A fault (a full disk) is said once and tried again until it mends; half a line
 * is then continued, never written twice.
 */
export class AppendFile<Item> {
  readonly path: string
  readonly #options: AppendFileOptions<Item>
  readonly #writer: LineWriter<Item>
  #file: OpenFile | undefined
  #writing = false
  #reopen: { readonly promise: Promise<void>; done(): void } | undefined
  /** A reopening that began while nothing was being written; writes wait for it. */
  #idleReopen: Promise<number> | undefined
  #endPause = () => {}
  readonly #expire = () => {
    this.#writer.fail(this.#error('was not written by the end'))
    this.#endPause()
  }

  /** A file that is opened with its first line; a fault then is tried again like any other. */
  constructor(path: string, options: AppendFileOptions<Item>) {
    this.path = path
    this.#options = options
    this.#writer = new LineWriter({
      write: (lines) => this.#write(lines),
      settled: (items, error) => options.settled(items, error),
      chunkBytes: 256 * 1024,
    })
    // Every file listens, and a folder has many: that is no leak.
    setMaxListeners(0, options.signal)
    options.signal.addEventListener('abort', this.#expire, { once: true })
  }

  /**
   * A file that is opened at once.
   * @throws StreamError `exporter-unusable`
   */
  static async open<Item>(
    path: string,
    options: AppendFileOptions<Item>,
  ): Promise<AppendFile<Item>> {
    const file = new AppendFile(path, options)
    try {
      file.#file = await openForAppend(path, file.#mend)
    } catch (error) {
      throw error instanceof StreamError ? error : unusableFile(options.label, path, error)
    }
    return file
  }

  /** Takes a line with its newline over; returns a promise where it wants to be awaited. */
  push(line: Uint8Array, item: Item): void | Promise<void> {
    return this.#writer.push(line, item)
  }

  /** Goes over to the file that now has the path, where another program moved ours away. */
  reopen(): Promise<void> {
    if (this.#reopen) return this.#reopen.promise
    let done = () => {}
    const promise = new Promise<void>((resolve) => {
      done = resolve
    })
    this.#reopen = { promise, done }
    if (this.#writing) this.#endPause()
    else this.#idleReopen = this.#followPath([], 0)
    return promise
  }

  /** Resolves when every line is settled and the file is closed. */
  async close(): Promise<void> {
    await this.#writer.idle()
    const { signal } = this.#options
    signal.removeEventListener('abort', this.#expire)
    // A file system that hangs must not hold up the end.
    if (!signal.aborted) await this.#idleReopen
    const closed = this.#closeHandle(this.#file)
    if (!signal.aborted) await closed
  }

  async #write(lines: readonly Uint8Array[]): Promise<StreamError | undefined> {
    const chunk = Buffer.concat(lines)
    const { signal, log, label } = this.#options
    this.#writing = true
    await this.#idleReopen
    let written = 0
    let faultSince: number | undefined
    for (let attempt = 0; written < chunk.length; ) {
      if (signal.aborted) break
      if (this.#reopen) written = await this.#followPath(lines, written)
      try {
        this.#file ??= await openForAppend(this.path, this.#mend)
        const { bytesWritten } = await this.#file.handle.write(chunk, written)
        written += bytesWritten
        attempt = 0
      } catch (error) {
        const isSlowPipe = (error as NodeJS.ErrnoException).code === 'EAGAIN'
        if (!isSlowPipe) {
          this.#options.retried?.()
          if (faultSince === undefined) {
            faultSince = Date.now()
            log.warn(
              `${label}: ${this.#file ? errorText(error) : openFault(this.path, error)}; waiting until it can be written`,
            )
          }
        }
        await this.#pause(attempt++, isSlowPipe ? PIPE_PAUSE_MS : FAULT_PAUSE_MS)
      }
    }
    if (this.#reopen) await this.#followPath([], 0)
    this.#writing = false
    if (signal.aborted && written < chunk.length) return this.#error('was not written by the end')
    if (faultSince !== undefined) {
      log.info(`${label}: is written again after ${Math.ceil((Date.now() - faultSince) / 1000)} s`)
    }
    return undefined
  }

  /**
   * Opens what the path leads to now and lets go of the old file; where that fails, the old one is kept.
   * @returns how much of the lines the file has: a line that the old file has in half starts anew
   */
  async #followPath(lines: readonly Uint8Array[], written: number): Promise<number> {
    const old = this.#file
    let kept = written
    try {
      if (old && !isSame(old.stats, await statIfThere(this.path))) {
        this.#file = await openForAppend(this.path, this.#mend)
        kept = wholeLines(lines, written)
        await this.#closeHandle(old)
      }
    } catch (error) {
      const { log, label } = this.#options
      log.warn(`${label}: the file was not opened again: ${openFault(this.path, error)}`)
    }
    this.#reopen?.done()
    this.#reopen = undefined
    return kept
  }

  async #closeHandle(file: OpenFile | undefined): Promise<void> {
    if (!file) return
    try {
      // Once, at the end: a network file system tells of a full disk no earlier.
      if (file.stats.isFile()) await file.handle.sync()
      await file.handle.close()
    } catch (error) {
      const { log, label } = this.#options
      log.warn(`${label}: its last lines may be missing: ${errorText(error)}`)
    }
  }

  #pause(attempt: number, { first, longest }: typeof FAULT_PAUSE_MS): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(first * 2 ** attempt, longest))
      this.#endPause = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #error(reason: string): StreamError {
    return new StreamError('export-failed', `${this.#options.label}: ${reason}`)
  }

  get #mend(): Mend {
    return this.#options.mend ?? endLastLine
  }
}

function isSame(a: Stats, b: Stats | undefined): boolean {
  return b !== undefined && a.dev === b.dev && a.ino === b.ino
}

/** How many of the first `written` bytes are in lines that are wholly among them. */
function wholeLines(lines: readonly Uint8Array[], written: number): number {
  let bytes = 0
  for (const line of lines) {
    if (bytes + line.length > written) break
    bytes += line.length
  }
  return bytes
}
