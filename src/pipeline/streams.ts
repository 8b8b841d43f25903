import type { Status } from '../connection/status.js'
import { type SubscribeOptions, type Subscription, subscribe } from '../connection/subscribe.js'
import type { Histogram } from '../delivery/histogram.js'
import type { StreamError } from '../errors.js'
import type { CustomerEntry } from '../input/entries.js'
import type { Logger } from '../log.js'
import type { Outputs } from '../outputs/outputs.js'
import type { EntrySnapshot } from '../report/snapshot.js'
import { type Decoder, type Endpoint, type Frame, serviceOf } from '../service.js'
import { Processor } from './processor.js'

type EntryStreamOptions = SubscribeOptions & {
  readonly entry: CustomerEntry
  readonly decoder: Decoder
  readonly outputs: Outputs
  readonly log: Logger
  readonly delays?: Histogram | undefined
}

/** The stream of one entry: from its subscription through the decoder to the outputs. */
export class EntryStream {
  readonly entry: CustomerEntry
  readonly subscription: Subscription
  readonly #endpoint: Endpoint
  readonly #outputs: Outputs
  readonly #stopping: AbortSignal
  readonly #processor: Processor
  /** Whether frames are being processed, and may have to wait for an output, the recording or the transform. */
  #held = false

  constructor(options: EntryStreamOptions) {
    const { entry, endpoint, decoder, outputs, log, delays } = options
    this.entry = entry
    this.#endpoint = endpoint
    this.#outputs = outputs
    this.#stopping = options.stopping.signal
    this.#processor = new Processor({ entry, decoder, outputs, log, delays })
    this.subscription = subscribe(options)
  }

  /** Whether the entry is refused and waits: it is not being tried again, replaced or removed. */
  get isRefused(): boolean {
    return this.subscription.waitsRefused && !this.#stopping.aborted
  }

  /** @param nowMs milliseconds since the epoch */
  snapshot(nowMs: number): EntrySnapshot {
    const { messages, undecodable, filtered, unknownFields, skippedTexts, lastDelayMs } =
      this.#processor
    return {
      name: this.entry.name,
      topic: this.entry.topic,
      label: this.entry.label,
      host: this.entry.host.authority,
      service: serviceOf(this.entry.topic),
      status: this.subscription.status,
      messages,
      undecodable,
      filtered: this.#outputs.transform && filtered,
      unknownFields,
      skippedTexts,
      delayMs: lastDelayMs,
      credentialAge: this.#endpoint.credentialAge(nowMs),
      held: this.#held,
    }
  }

  /** Resolves when all that was received is handed to the outputs. */
  async run(): Promise<void> {
    const batches = this.subscription[Symbol.asyncIterator]()
    try {
      // A loop over the batches would keep the last one in memory, up to 16 MiB, until the next one
      // comes.
      while (await this.#step(batches));
    } finally {
      await batches.return?.()
    }
  }

  /** @returns whether there may be more */
  async #step(batches: AsyncIterator<readonly Frame[], undefined>): Promise<boolean> {
    const { value: frames } = await batches.next()
    if (!frames) return false
    this.#held = true
    await this.#outputs.record(this.entry, frames)
    await this.#processor.process(frames)
    this.#held = false
    return true
  }
}

/** Logs that the connection of an entry was replaced by another one, or that this has failed. */
export function logReplaced(log: Logger, failure: StreamError | undefined): void {
  if (!failure) {
    log.debug('the connection was replaced by another one before its token ends')
    return
  }
  const { message, code } = failure
  log.warn(`${message}; the open connection is kept until another one can replace it`, { code })
}

/** The work of one stream; resolves when it has ended. Ends when the controller aborts. */
export type Work = (stopping: AbortController) => Promise<void>

type Running = { readonly controller: AbortController; readonly done: Promise<void> }

type StreamsOptions = {
  /** Ends them all. */
  readonly stopping: AbortSignal
  /** Called when a stream has thrown. None should. */
  readonly onFailure: () => void
}

/** The streams that are running, one for each name; they come and go while the program runs. */
export class Streams {
  readonly #options: StreamsOptions
  readonly #running = new Map<string, Running>()
  /** Streams, and changes that may start some. */
  readonly #open = new Set<Promise<void>>()
  #ended = false
  #failure: { readonly error: unknown } | undefined

  constructor(options: StreamsOptions) {
    this.#options = options
    const { stopping } = options
    stopping.addEventListener('abort', () => this.stopAll(stopping.reason), { once: true })
  }

  /** Whether all of them have ended, and {@link finished} has resolved. */
  get ended(): boolean {
    return this.#ended
  }

  get names(): readonly string[] {
    return [...this.#running.keys()]
  }

  /** Starts a stream; where one of that name runs, that one is stopped first and waited for. */
  start(name: string, work: Work): void {
    const previous = this.stop(name)
    const { stopping } = this.#options
    const controller = new AbortController()
    if (stopping.aborted) controller.abort(stopping.reason)
    const done = this.track(async () => {
      await previous
      return work(controller)
    })
    this.#running.set(name, { controller, done })
  }

  /** Stops a stream; resolves when what it had received is handed to the outputs. */
  async stop(name: string): Promise<void> {
    const running = this.#running.get(name)
    running?.controller.abort()
    await running?.done
    if (this.#running.get(name) === running) this.#running.delete(name)
  }

  stopAll(reason?: unknown): void {
    for (const { controller } of this.#running.values()) controller.abort(reason)
  }

  /** Runs work during which the streams must not count as ended. */
  track(work: () => Promise<void>): Promise<void> {
    const end = () => {
      this.#open.delete(done)
    }
    const done: Promise<void> = work().then(end, (error) => {
      end()
      this.#fail(error)
    })
    this.#open.add(done)
    return done
  }

  /**
   * Resolves when no stream runs any more.
   * @throws the first error that a stream has thrown
   */
  async finished(): Promise<void> {
    // Each leaves the set when it has ended. None rejects, and those that come meanwhile are waited for, too.
    for (const open of this.#open) await open
    this.#ended = true
    if (this.#failure) throw this.#failure.error
  }

  #fail(error: unknown): void {
    const { stopping, onFailure } = this.#options
    // Such as a reload that was waiting for the input file when the end was asked for.
    if (stopping.aborted && error === stopping.reason) return
    this.#failure ??= { error }
    onFailure()
  }
}

/** What was received, in sum. */
export type Received = {
  readonly messages: number
  readonly bytes: number
  readonly undecodable: number
  /** Undefined where there is no transform. */
  readonly filtered: number | undefined
}

type Receiver = {
  readonly messages: number
  readonly undecodable: number
  readonly filtered?: number | undefined
  readonly status: Status
}

const NOTHING: Received = { messages: 0, bytes: 0, undecodable: 0, filtered: undefined }

/** What entries have received together, with what came before. */
export function receivedBy(entries: readonly Receiver[], earlier: Received = NOTHING): Received {
  return entries.reduce(
    (sum, { messages, undecodable, filtered, status }) => ({
      messages: sum.messages + messages,
      bytes: sum.bytes + status.bytes,
      undecodable: sum.undecodable + undecodable,
      filtered: filtered === undefined ? sum.filtered : (sum.filtered ?? 0) + filtered,
    }),
    earlier,
  )
}
