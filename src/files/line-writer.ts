import { setImmediate } from 'node:timers/promises'
import type { StreamError } from '../errors.js'

export type LineWriterOptions<Item> = {
  /**
   * Writes whole lines; resolves when they are taken, or with an error where this sink takes nothing
   * any more. Called again only after that.
   */
  write(lines: readonly Uint8Array[]): Promise<StreamError | undefined>
  /** What became of lines, in order; with an error where they were not written. */
  settled(items: readonly Item[], error: StreamError | undefined): void
  /** From how many waiting bytes on `push` asks to be awaited. */
  readonly windowBytes?: number
  /** How many bytes one write takes, more only where a single line is longer. */
  readonly chunkBytes?: number
}

/** Lines on their way to one sink: gathered into chunks, written a chunk at a time, in order. */
export class LineWriter<Item> {
  readonly #options: LineWriterOptions<Item>
  readonly #windowBytes: number
  readonly #chunkBytes: number
  #lines: Uint8Array[] = []
  #items: Item[] = []
  /** The lines of the write under way, and what is not settled of them yet. */
  #writing: readonly Uint8Array[] = []
  #inFlight: Item[] = []
  #queuedBytes = 0
  #inFlightBytes = 0
  #pumping: Promise<void> | undefined
  #room: { readonly promise: Promise<void>; resolve(): void } | undefined
  #failure: StreamError | undefined
  readonly #failed = deferred()

  constructor(options: LineWriterOptions<Item>) {
    this.#options = options
    this.#windowBytes = options.windowBytes ?? 1 << 20
    this.#chunkBytes = options.chunkBytes ?? 1 << 16
  }

  /** Takes a line over; returns nothing while the window has room, else a promise of room. */
  push(line: Uint8Array, item: Item): void | Promise<void> {
    if (this.#failure) {
      this.#options.settled([item], this.#failure)
      return
    }
    this.#lines.push(line)
    this.#items.push(item)
    this.#queuedBytes += line.length
    this.#pumping ??= this.#pump()
    if (this.#hasRoom()) return
    this.#room ??= deferred()
    return this.#room.promise
  }

  /** The sink has the first so many bytes of the write under way, whatever becomes of the rest. */
  taken(bytes: number): void {
    const settled = this.#writing.length - this.#inFlight.length
    const items = this.#inFlight.splice(0, wholeLines(this.#writing, bytes).count - settled)
    if (items.length > 0) this.#options.settled(items, undefined)
  }

  /** Gives up what was not written yet, and all that follows. */
  fail(error: StreamError): void {
    if (this.#failure) return
    this.#failure = error
    const items = [...this.#inFlight, ...this.#items]
    this.#inFlight = []
    this.#lines = []
    this.#items = []
    this.#queuedBytes = 0
    this.#inFlightBytes = 0
    if (items.length > 0) this.#options.settled(items, error)
    this.#makeRoom()
    this.#failed.resolve()
  }

  /** Whether all that was pushed is settled. */
  get idle(): boolean {
    return this.#pumping === undefined
  }

  /** Resolves when all that was pushed is settled. */
  async settled(): Promise<void> {
    while (this.#pumping && !this.#failure) {
      await Promise.race([this.#pumping, this.#failed.promise])
    }
  }

  async #pump(): Promise<void> {
    while (this.#lines.length > 0) {
      // What else comes in this turn of the event loop goes into the same write.
      if (this.#queuedBytes < this.#chunkBytes) await setImmediate()
      const lines = this.#take()
      if (lines.length === 0) break
      const error = await this.#options.write(lines)
      if (error) this.fail(error)
      if (this.#inFlight.length > 0) this.#options.settled(this.#inFlight, undefined)
      this.#inFlight = []
      this.#inFlightBytes = 0
      if (this.#hasRoom()) this.#makeRoom()
    }
    this.#pumping = undefined
  }

  #take(): readonly Uint8Array[] {
    let count = 0
    let bytes = 0
    for (const line of this.#lines) {
      if (count > 0 && bytes + line.length > this.#chunkBytes) break
      bytes += line.length
      count++
    }
    this.#inFlight = this.#items.splice(0, count)
    this.#inFlightBytes = bytes
    this.#queuedBytes -= bytes
    this.#writing = this.#lines.splice(0, count)
    return this.#writing
  }

  #hasRoom(): boolean {
    return this.#queuedBytes + this.#inFlightBytes <= this.#windowBytes
  }

  #makeRoom(): void {
    this.#room?.resolve()
    this.#room = undefined
  }
}

/** The lines that are wholly among the first `bytes` bytes. */
export function wholeLines(
  lines: readonly Uint8Array[],
  bytes: number,
): { count: number; bytes: number } {
  const whole = { count: 0, bytes: 0 }
  for (const { length } of lines) {
    if (whole.bytes + length > bytes) break
    whole.count += 1
    whole.bytes += length
  }
  return whole
}

function deferred(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
