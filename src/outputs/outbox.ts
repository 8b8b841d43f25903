import type { StreamMessage } from '../classic/message.js'
import type { StreamError } from '../errors.js'
import type { ExporterContext } from './output.js'
import type { Window } from './window.js'

/** Moved down in one go when this many delivered messages stand in front. */
const COMPACT_AT = 1024

/**
 * What an exporter has taken over and not yet delivered, in order. It keeps the counters `delivered`
 * and `waiting` right, and makes room in the window as messages leave.
 */
export class Outbox {
  readonly #context: ExporterContext
  readonly #window: Window
  #messages: StreamMessage[] = []
  #head = 0
  #bytes = 0

  /** @param window may be shared by several outboxes */
  constructor(context: ExporterContext, window: Window) {
    this.#context = context
    this.#window = window
  }

  get length(): number {
    return this.#messages.length - this.#head
  }

  /** Bytes of all lines in it. */
  get bytes(): number {
    return this.#bytes
  }

  /** Takes a message over; a promise where the window is full. */
  push(message: StreamMessage): void | Promise<void> {
    // First, since making it may throw.
    const { length } = message.line
    this.#messages.push(message)
    this.#bytes += length
    this.#context.counters.waiting += 1
    return this.#window.add(length)
  }

  get first(): StreamMessage | undefined {
    return this.#messages[this.#head]
  }

  /** Lines from the front, at least one where there is any, at most so many and so many bytes. */
  lines(limits: { maxCount: number; maxBytes: number }): Uint8Array[] {
    const lines: Uint8Array[] = []
    let bytes = 0
    for (let at = this.#head; at < this.#messages.length && lines.length < limits.maxCount; at++) {
      const line = this.#messages[at]?.line ?? new Uint8Array()
      bytes += line.length
      if (bytes > limits.maxBytes && lines.length > 0) break
      lines.push(line)
    }
    return lines
  }

  /** The first ones have arrived. */
  delivered(count: number): void {
    this.#context.counters.delivered += this.#leave(count).length
  }

  /** The first ones, all unless told, will never arrive. */
  giveUp(error: StreamError, count = this.length): void {
    for (const message of this.#leave(count)) this.#context.giveUp(message, error)
  }

  #leave(count: number): StreamMessage[] {
    const left = this.#messages.slice(this.#head, this.#head + count)
    const bytes = left.reduce((sum, message) => sum + message.line.length, 0)
    this.#head += left.length
    if (this.#head >= COMPACT_AT || this.#head === this.#messages.length) {
      this.#messages = this.#messages.slice(this.#head)
      this.#head = 0
    }
    this.#bytes -= bytes
    this.#context.counters.waiting -= left.length
    this.#window.remove(bytes)
    return left
  }
}
