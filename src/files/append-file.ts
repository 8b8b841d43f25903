import { setMaxListeners } from 'node:events'
import type { Stats } from 'node:fs'
import { untilAborted } from '../clock.js'
import { errorText, StreamError } from '../errors.js'
import { FileTrouble, type FileTroubleOptions } from './file-trouble.js'
import { LineWriter, wholeLines } from './line-writer.js'
import {
  endLastLine,
  type Mend,
  type OpenFile,
  openFault,
  openForAppend,
  statIfThere,
  unusableFile,
} from './open-for-append.js'

export type AppendFileOptions<Item> = FileTroubleOptions & {
  /** Aborts when what is in trouble must be given up at once: a write that fails or does not end. */
  readonly signal: AbortSignal
  /** Aborts when all that is left must be given up; not at all unless told. */
  readonly over?: AbortSignal
  /** What became of lines: in the file, or given up with an error. */
  settled(items: readonly Item[], error: StreamError | undefined): void
  /** What must come before the first line; closes off a torn last line unless told otherwise. */
  readonly mend?: Mend
  /** How many bytes may wait before `push` asks to be awaited; 1 MiB unless told. */
  readonly windowBytes?: number
}

/**
 * A file that grows by whole lines, in order. What the write call has taken is settled, and survives a
 * kill of this process. A fault (a full disk) is said once and tried again until it mends; half a line
 * is then continued, never written twice.
 */
export class AppendFile<Item> {
  readonly path: string
  readonly #options: AppendFileOptions<Item>
  readonly #writer: LineWriter<Item>
  readonly #trouble: FileTrouble
  #file: OpenFile | undefined
  #writing = false
  #reopen: { readonly promise: Promise<void>; done(): void } | undefined
  /** A reopening that began while nothing was being written; writes wait for it. */
  #idleReopen: Promise<number> | undefined
  #gaveUp = false
  #ended = false
  readonly #onSignal = () => {
    if (this.#writing) this.#giveUp()
  }
  readonly #giveUp = () => {
    this.#gaveUp = true
    this.#writer.fail(this.#error('was not written by the end'))
    this.#trouble.endPause()
  }

  /** A file that is opened with its first line; a fault then is tried again like any other. */
  constructor(path: string, options: AppendFileOptions<Item>) {
    this.path = path
    this.#options = options
    this.#trouble = new FileTrouble(options)
    const { windowBytes } = options
    this.#writer = new LineWriter({
      write: (lines) => this.#write(lines),
      settled: (items, error) => options.settled(items, error),
      chunkBytes: 256 * 1024,
      ...(windowBytes === undefined ? {} : { windowBytes }),
    })
    // Every file listens, and a folder has many: that is no leak.
    const { signal, over } = options
    setMaxListeners(0, signal, ...(over ? [over] : []))
    signal.addEventListener('abort', this.#onSignal, { once: true })
    over?.addEventListener('abort', this.#giveUp, { once: true })
    if (over?.aborted) this.#giveUp()
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

  /** Whether all that was pushed is settled. */
  get idle(): boolean {
    return this.#writer.idle
  }

  /** Takes a line with its newline over; returns a promise where it wants to be awaited. */
  push(line: Uint8Array, item: Item): void | Promise<void> {
    return this.#writer.push(line, item)
  }

  /** Goes over to the file that now has the path, where another program moved ours away. */
  reopen(): Promise<void> {
    if (this.#reopen) return this.#reopen.promise
    // The program may still be closing something else, for as long as that takes.
    if (this.#ended) return Promise.resolve()
    let done = () => {}
    const promise = new Promise<void>((resolve) => {
      done = resolve
    })
    this.#reopen = { promise, done }
    if (this.#writing) this.#trouble.endPause()
    else this.#idleReopen = this.#followPath([], 0)
    return promise
  }

  /** Resolves when every line is settled and the file is closed. */
  async close(): Promise<void> {
    await this.#writer.settled()
    this.#ended = true
    const { signal, over } = this.#options
    signal.removeEventListener('abort', this.#onSignal)
    over?.removeEventListener('abort', this.#giveUp)
    const closed = (async () => {
      await this.#idleReopen
      await this.#closeHandle(this.#file)
    })()
    // A file system that hangs must not hold up the end.
    await untilAborted(closed, this.#gaveUp ? signal : (over ?? signal)).catch(() => {})
  }

  async #write(lines: readonly Uint8Array[]): Promise<StreamError | undefined> {
    const chunk = Buffer.concat(lines)
    const { signal } = this.#options
    this.#writing = true
    await this.#idleReopen
    let written = 0
    while (written < chunk.length && !this.#gaveUp) {
      if (this.#reopen) written = await this.#followPath(lines, written)
      try {
        this.#file ??= await openForAppend(this.path, this.#mend)
        const { bytesWritten } = await this.#file.handle.write(chunk, written)
        written += bytesWritten
        if (written < chunk.length) this.#writer.taken(written)
        this.#trouble.eased()
      } catch (error) {
        if (signal.aborted) break
        const says = this.#file ? undefined : openFault(this.path, error)
        await this.#trouble.failed(error, says)
      }
    }
    if (this.#reopen) await this.#followPath([], 0)
    this.#writing = false
    if (written < chunk.length) return this.#error('was not written by the end')
    this.#trouble.mended()
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
        kept = wholeLines(lines, written).bytes
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
      try {
        if (file.stats.isFile()) await file.handle.sync()
      } finally {
        await file.handle.close()
      }
    } catch (error) {
      const { log, label } = this.#options
      log.warn(`${label}: its last lines may be missing: ${errorText(error)}`)
    }
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
