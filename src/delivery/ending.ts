import { StreamError } from '../errors.js'
import type { SendQueueOptions } from './batch.js'

type EndingOptions = Pick<
  SendQueueOptions<never>,
  'stopping' | 'holdOver' | 'graceOver' | 'overdue' | 'forced' | 'lateWork' | 'late' | 'budget'
>

/** The queue that is to end. */
type Ended = {
  /** How many items wait, those of the delivery under way included. */
  length(): number
  phase(): 'idle' | 'delivering' | 'pausing'
  /** Whether nothing was delivered since the last failure. */
  inTrouble(): boolean
  fail(error: StreamError): void
}

/** Decides when a queue gives up at the end. */
export class Ending {
  readonly #options: EndingOptions
  readonly #queue: Ended
  readonly #listening = new AbortController()
  /** How many of the items that waited at `graceOver` still do. */
  #due = 0
  /** Whether something was taken since the end began; true before it. */
  #taking = true
  #expired: StreamError | undefined

  constructor(options: EndingOptions, queue: Ended) {
    const { stopping, holdOver, graceOver, overdue = graceOver, forced } = options
    this.#options = options
    this.#queue = queue
    const once = { once: true, signal: this.#listening.signal }
    const onStopping = () => {
      // One that is idle has taken all. It may get what waited for another output.
      this.#taking = queue.phase() === 'idle'
    }
    if (stopping?.aborted) onStopping()
    stopping?.addEventListener('abort', onStopping, once)
    holdOver?.addEventListener('abort', () => this.#onHoldOver(), once)
    graceOver?.addEventListener('abort', () => this.#onGraceOver(), once)
    overdue?.addEventListener('abort', () => this.#onOverdue(), once)
    forced.addEventListener('abort', () => this.giveUp(), once)
    if (forced.aborted || (this.#beginsNothing && graceOver?.aborted)) this.giveUp()
  }

  /** Why no delivery begins any more. */
  get expired(): StreamError | undefined {
    return this.#expired
  }

  /** Whether it is too late for another try after a failure. */
  get isNear(): boolean {
    const { holdOver, graceOver, budget } = this.#options
    return (graceOver?.aborted || (holdOver?.aborted && budget.full)) ?? false
  }

  settled(count: number): void {
    this.#due -= count
    this.#taking = true
  }

  giveUp(): void {
    this.#expired ??= this.#late
    this.#queue.fail(this.#expired)
  }

  close(): void {
    this.#listening.abort()
  }

  get #late(): StreamError {
    return new StreamError('export-failed', this.#options.late)
  }

  get #beginsNothing(): boolean {
    return this.#options.lateWork === 'none'
  }

  #onHoldOver(): void {
    // Also during a try: a machine that is off answers none, and each of them takes longer than the end.
    const isTrying = this.#queue.phase() !== 'idle'
    const { budget, lateWork } = this.#options
    // Nothing keeps what `all` gives up: it may be slow.
    const takesNothing = this.#queue.inTrouble() || (!this.#taking && lateWork !== 'all')
    const holdsUp = isTrying && takesNothing && budget.full
    // Later, so that all queues that share the room find it full, and not the first alone.
    if (holdsUp) queueMicrotask(() => this.giveUp())
  }

  #onGraceOver(): void {
    const phase = this.#queue.phase()
    this.#due = this.#queue.length()
    if (phase === 'pausing' || (this.#beginsNothing && phase === 'idle')) this.giveUp()
    // What is under way may still arrive. What waits is given up after it, so that the order stays.
    else if (this.#beginsNothing) this.#expired = this.#late
  }

  #onOverdue(): void {
    const { lateWork, budget } = this.#options
    const holdsUp = this.#due > 0 || (budget.full && lateWork !== 'all')
    if (this.#beginsNothing || holdsUp) this.giveUp()
  }
}
