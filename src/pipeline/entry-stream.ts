import type { Status } from '../connection/status.js'
import { type SubscribeOptions, type Subscription, subscribe } from '../connection/subscribe.js'
import type { Histogram } from '../delivery/histogram.js'
import type { StreamError } from '../errors.js'
import type { CustomerEntry } from '../input/entries.js'
import type { Logger } from '../log.js'
import type { Outputs } from '../outputs/outputs.js'
import type { EntrySnapshot } from '../report/snapshot.js'
import { type Decoder, type Frame, serviceOf } from '../service.js'
import { Processor } from './processor.js'

type EntryStreamOptions = Omit<SubscribeOptions, 'lastTimestamp' | 'identify' | 'onReplaced'> & {
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
  readonly #options: EntryStreamOptions
  readonly #processor: Processor
  /** Whether frames wait for an exporter or the recording. */
  #held = false

  constructor(options: EntryStreamOptions) {
    const { entry, decoder, outputs, log, delays } = options
    this.entry = entry
    this.#options = options
    this.#processor = new Processor({ entry, decoder, outputs, log, delays })
    this.subscription = subscribe({
      lastTimestamp: () => decoder.lastTimestamp,
      onReplaced: (failure) => logReplaced(log.child({ entry: entry.label }), failure),
      identify: decoder.identify,
      ...options,
    })
  }

  /** Whether the entry is refused and waits: it is not being tried again, replaced or removed. */
  get isRefused(): boolean {
    return this.subscription.waitsRefused && !this.#options.signal.aborted
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
      filtered: this.#options.outputs.transform && filtered,
      unknownFields,
      skippedTexts,
      delayMs: lastDelayMs,
      credentialAge: this.#options.endpoint.credentialAge(nowMs),
      held: this.#held,
    }
  }

  /** Resolves when all that was received is written. */
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
    const { entry, outputs } = this.#options
    const { value: frames } = await batches.next()
    if (!frames) return false
    this.#held = true
    await outputs.record(entry, frames)
    await this.#processor.process(frames)
    this.#held = false
    return true
  }
}

function logReplaced(log: Logger, failure: StreamError | undefined): void {
  if (!failure) {
    log.debug('the connection was replaced by another one before its token ends')
    return
  }
  const { message, code } = failure
  log.warn(`${message}; the open connection is kept until another one can replace it`, { code })
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
