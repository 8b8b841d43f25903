import type { Frame } from './frame.js'

/** From here on the socket is paused; what one read of it held still comes on top. */
const HIGH_MARK = 64
/** Down to here the socket is resumed: late enough to save calls, early enough to never run dry. */
const LOW_MARK = 16

type Waiter = {
  resolve: (result: IteratorResult<Frame, undefined>) => void
  reject: (error: unknown) => void
}

/** Frames of one entry between its sockets and its consumer, in order. */
export class FrameQueue implements AsyncIterator<Frame, undefined> {
  /** What is handed out, up to `#next`; and what came since. Swapped, so that nothing is shifted. */
  #batch: (Frame | undefined)[] = []
  #next = 0
  #incoming: Frame[] = []
  #waiters: Waiter[] = []
  #end: { error: unknown } | undefined
  #onLow: (() => void) | undefined

  /** @param onLow called when handing out brought the length down to the low mark */
  constructor(onLow: () => void) {
    this.#onLow = onLow
  }

  get length(): number {
    return this.#batch.length - this.#next + this.#incoming.length
  }

  /** Time to pause the socket. */
  get full(): boolean {
    return this.length >= HIGH_MARK
  }

  push(frame: Frame): void {
    const waiter = this.#waiters.shift()
    if (waiter) waiter.resolve({ value: frame, done: false })
    else this.#incoming.push(frame)
  }

  /** Nothing more will be pushed; what waits is still handed out. With an error, `next` rejects then. */
  end(error?: unknown): void {
    this.#end ??= { error }
    this.#onLow = undefined
    for (const { resolve, reject } of this.#waiters.splice(0)) {
      if (error === undefined) resolve({ value: undefined, done: true })
      else reject(error)
    }
  }

  /** The next frame, where one waits. */
  poll(): Frame | undefined {
    if (this.#next === this.#batch.length) {
      this.#batch = this.#incoming
      this.#incoming = []
      this.#next = 0
    }
    const frame = this.#batch[this.#next]
    if (frame === undefined) return undefined
    this.#batch[this.#next++] = undefined
    if (this.length === LOW_MARK) this.#onLow?.()
    return frame
  }

  next(): Promise<IteratorResult<Frame, undefined>> {
    const frame = this.poll()
    if (frame !== undefined) return Promise.resolve({ value: frame, done: false })
    if (this.#end) {
      const { error } = this.#end
      return error === undefined
        ? Promise.resolve({ value: undefined, done: true })
        : Promise.reject(error)
    }
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject })
    })
  }
}
