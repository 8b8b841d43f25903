import { hash } from 'node:crypto'
import { ByteBudget } from '../delivery/byte-budget.js'
import type { Frame } from '../service.js'

/**
 * The socket is paused at this many frames, unless the consumer waits for them and takes them at once.
 * Those that its last read held still come.
 */
const HIGH_MARK = 64
/** The same in bytes, so that a few large frames are bounded like many small ones. */
const HIGH_MARK_BYTES = 16 * 1024 * 1024
/** The socket is resumed at this many frames, or fewer. */
const LOW_MARK = 16
/** What may wait in the whole program. */
const PROGRAM_BYTES = 512 * 1024 * 1024

/** Makes the budget that all frame queues of a program share. */
export function createFrameBudget(): ByteBudget {
  return new ByteBudget(PROGRAM_BYTES)
}

/** Where the frames come from. */
interface Pausable {
  pause(): void
  /** Does nothing where it is not paused. */
  resume(): void
}

/**
 * Frames of one entry between its sockets and its consumer, in order. A batch counts as waiting until
 * the consumer asks for the next one.
 */
export class FrameQueue {
  readonly #budget: ByteBudget
  readonly #source: Pausable
  #waiting: Frame[] = []
  #waitingBytes = 0
  /** The batch that the consumer is working on. */
  #taken = { frames: 0, bytes: 0 }
  #wake: (() => void) | undefined
  #end: { readonly error: unknown } | undefined
  #discarding = false
  readonly #pauseIfFull = () => {
    if (this.full) this.#source.pause()
  }
  readonly #resumeLater = () => {
    if (!this.#end && !this.full) this.#source.resume()
  }

  /** @param source is paused when the queue is full, and resumed when there is room again */
  constructor(budget: ByteBudget, source: Pausable) {
    this.#budget = budget
    this.#source = source
  }

  /** Frames that wait, and those of the consumer's batch. */
  get length(): number {
    return this.#waiting.length + this.#taken.frames
  }

  /** Whether as much is held as may be. An empty queue is never full: each entry can always take a frame. */
  get full(): boolean {
    const { length } = this
    const bytes = this.#waitingBytes + this.#taken.bytes
    return length >= HIGH_MARK || (length > 0 && (bytes >= HIGH_MARK_BYTES || this.#budget.full))
  }

  push(frame: Frame): void {
    if (this.#discarding) return
    this.#waiting.push(frame)
    this.#waitingBytes += frame.bytes.length
    this.#budget.add(frame.bytes.length)
    // A consumer that waits for frames takes all of one read together: that needs no pause. The first frame
    // wakes it; a call for each would cost as much as the rest of this queue.
    if (!this.#wake) this.#pauseIfFull()
    else if (this.#waiting.length === 1) this.#wake()
  }

  /** Nothing more will be pushed. What waits is still yielded; then an error is thrown, where there is one. */
  end(error?: unknown): void {
    this.#end ??= { error }
    this.#wake?.()
  }

  /** The consumer has left: drops what waits and all that still comes. */
  discard(): void {
    this.#discarding = true
    this.#budget.remove(this.#waitingBytes + this.#taken.bytes)
    this.#waiting = []
    this.#waitingBytes = 0
    this.#taken = { frames: 0, bytes: 0 }
    this.#source.resume()
  }

  /** Yields the frames that arrived together, until the end. */
  async *batches(): AsyncGenerator<readonly Frame[], undefined> {
    for (;;) {
      this.#release()
      if (this.#waiting.length === 0) {
        if (this.#end) break
        // It ends after this turn of the event loop: frames that come together make one batch.
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        this.#wake = undefined
        if (this.#waiting.length === 0) continue
      }
      yield this.#take()
    }
    if (this.#end.error !== undefined) throw this.#end.error
  }

  #take(): readonly Frame[] {
    const batch = this.#waiting
    this.#taken = { frames: batch.length, bytes: this.#waitingBytes }
    this.#waiting = []
    this.#waitingBytes = 0
    // Runs before the socket is read again, and after a consumer that does not have to wait for its
    // outputs has come back.
    if (this.full) process.nextTick(this.#pauseIfFull)
    return batch
  }

  /** The consumer is done with its batch. */
  #release(): void {
    const { bytes } = this.#taken
    this.#taken = { frames: 0, bytes: 0 }
    if (bytes > 0) this.#budget.remove(bytes)
    if (this.#end) return
    if (this.#waiting.length <= LOW_MARK && !this.full) this.#source.resume()
    else if (this.#budget.full) this.#budget.onceRoom(this.#resumeLater)
  }
}

/** Enough for what a server repeats after a reconnect, and for what comes while two connections overlap. */
const REMEMBERED = 8192

/** The last events of a subscription. */
export class Repeats {
  #seen: Set<string> | undefined
  /** In the order in which they came. To ask a Set for its oldest takes longer than all the rest. */
  readonly #order: string[] = []
  /** The place of the oldest, which the next one takes. */
  #next = 0

  /** Whether an event with this id came before, and notes that it came. An event without id is no repeat. */
  has(id: string | undefined): boolean {
    if (id === undefined) return false
    this.#seen ??= new Set()
    // A thousand busy subscriptions would keep 2 GB of ids.
    const kept = hash('sha256', id, 'binary')
    if (this.#seen.has(kept)) return true
    const oldest = this.#order[this.#next]
    if (oldest !== undefined) this.#seen.delete(oldest)
    this.#seen.add(kept)
    this.#order[this.#next] = kept
    this.#next = (this.#next + 1) % REMEMBERED
    return false
  }
}
