import { keyAge } from '../classic/key-age.js'
import type { KeySource } from '../classic/key-source.js'
import { createKeyRing, type KeyRing } from '../classic/key-store.js'
import type { ReplayPoint } from '../classic/resume.js'
import { validateKey } from '../classic/validate-key.js'
import type { StreamSettings } from '../commands/settings.js'
import { createFrameBudget } from '../connection/frame-queue.js'
import type { Status } from '../connection/status.js'
import { type Subscription, subscribe } from '../connection/subscribe.js'
import { StreamError } from '../errors.js'
import type { CustomerEntry } from '../input/entries.js'
import type { InputFile } from '../input/input-file.js'
import { isSameHost } from '../net/host.js'
import { createLimiter } from '../net/limiter.js'
import type { Outputs } from '../outputs/outputs.js'
import type { Program } from '../program.js'
import type { EntrySnapshot } from '../report/snapshot.js'
import type { Decoders } from './decoders.js'
import { Processor } from './processor.js'
import { type Received, receivedBy } from './received.js'
import { Streams } from './streams.js'

export type CollectorOptions = {
  readonly settings: StreamSettings
  readonly program: Program
  readonly file: InputFile
  readonly decoders: Decoders
  readonly outputs: Outputs
  /** Called at each change of an entry's status. */
  readonly onStatus: (status: Status, entry: CustomerEntry) => void
}

/** What there is of one entry while it streams. */
type Live = {
  readonly entry: CustomerEntry
  readonly keys: KeySource
  readonly processor: Processor
  readonly subscription: Subscription
  /** Whether the last frame still waits for an exporter or the recording. */
  held: boolean
}

/** Collects the frames of all entries, which may come and go with the input file. */
export class Collector {
  readonly #options: CollectorOptions
  readonly #userAgent: string
  readonly #limiter = createLimiter()
  readonly #budget = createFrameBudget()
  readonly #ring: KeyRing
  readonly #streams: Streams
  readonly #live = new Map<string, Live>()
  readonly #refused = new Map<string, StreamError>()
  /** What streams received that a reload has ended. */
  #earlier: Received | undefined
  #changing = Promise.resolve()

  constructor(options: CollectorOptions) {
    const { settings, program, file } = options
    const { verifyCertificates } = settings
    const userAgent = `aruba-stream/${program.version}`
    this.#options = options
    this.#userAgent = userAgent
    this.#streams = new Streams({
      run: (entry, signal) => this.#stream(entry, signal),
      stopping: this.#stopping,
      onFailure: () => program.shutdown.begin(),
    })
    if (!verifyCertificates) program.log.warn('--no_valid_cert: certificates are not verified')
    this.#ring = createKeyRing({
      validate: (host, key, signal) =>
        validateKey({ host, key, verifyCertificates, userAgent, signal }),
      // Not the one of the handshakes: a slow answer here must not hold up entries that are ready.
      limiter: createLimiter(),
      readKeys: () => file.keys(),
      onPasted: (name, key) => file.noteKey(name, key),
      saveKeys: (renewals) => file.save(renewals),
      log: program.log,
    })
  }

  /** Resolves when no entry streams any more. */
  get done(): Promise<void> {
    return this.#streams.done
  }

  get statuses(): Status[] {
    return [...this.#live.values()].map(({ subscription }) => subscription.status)
  }

  /** How the entries stand, in the order of the input file. */
  snapshot(now: number): EntrySnapshot[] {
    return [...this.#live.values()].map(({ entry, keys, processor, subscription, held }) => ({
      name: entry.name,
      topic: entry.topic,
      status: subscription.status,
      messages: processor.messages,
      undecodable: processor.undecodable,
      unknownFields: processor.unknownFields,
      keyAge: keyAge(keys.current(), now),
      held,
    }))
  }

  /** What was received by entries that have been removed or changed since. */
  get earlier(): Received | undefined {
    return this.#earlier
  }

  /** Validates the keys of these entries and begins to stream them. */
  begin(entries: readonly CustomerEntry[]): Promise<void> {
    return this.#inTurn(() => this.#begin(entries))
  }

  /** Goes over to what the input file says now; where it is wrong now, all stays as it is. */
  reload(): Promise<void> {
    return this.#inTurn(() => this.#reload())
  }

  /** One change after the other: a reload during the start would find nothing to stop yet. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const before = this.#changing
    this.#changing = this.#streams.change(() => before.then(work))
    return this.#changing
  }

  get #stopping(): AbortSignal {
    return this.#options.program.shutdown.stopping
  }

  async #begin(entries: readonly CustomerEntry[]): Promise<void> {
    try {
      const refused = await this.#ring.validateAll(entries, this.#stopping)
      for (const { name } of entries) this.#refused.delete(name)
      for (const [name, error] of refused) this.#refused.set(name, error)
      this.#streams.start(entries)
    } catch (error) {
      if (!this.#stopping.aborted) throw error
    }
  }

  async #reload(): Promise<void> {
    const { file, decoders, program } = this.#options
    const { log } = program
    if (this.#stopping.aborted) return
    if (this.#streams.ended) {
      log.warn('all streams have ended, and so will the program: the input file is not read again')
      return
    }
    try {
      const { added, removed, changed, same } = await file.read(({ added, changed }) =>
        decoders.load([...added, ...changed].map(({ topic }) => topic)),
      )
      // What Central refused may be allowed by now: a topic ticked, a key renewed.
      const again = same.filter(({ name }) => this.#isRefused(name))
      log.info('the input file was read again', {
        added: added.length,
        removed: removed.length,
        changed: changed.length,
        same: same.length - again.length,
        tried_again: again.length || undefined,
      })
      this.#ring.forget(removed.map(({ name }) => name))
      for (const { name } of removed) void this.#remove(name)
      await this.#begin([...added, ...changed, ...again])
    } catch (error) {
      if (!(error instanceof StreamError)) throw error
      for (const line of error.lines) log.error(line)
      log.error('the input file is not taken over: all entries go on as they were')
    }
  }

  #isRefused(name: string): boolean {
    return this.#live.get(name)?.subscription.status.type === 'refused'
  }

  async #remove(name: string): Promise<void> {
    const live = this.#live.get(name)
    await this.#streams.stop(name)
    if (live && this.#live.get(name) === live) {
      this.#addToEarlier(live)
      this.#live.delete(name)
    }
  }

  #addToEarlier({ processor, subscription }: Live): void {
    const { messages, undecodable } = processor
    const ended = { messages, undecodable, status: subscription.status }
    this.#earlier = receivedBy([ended], this.#earlier)
  }

  /** A key that Central refused at the start is not offered on a socket. */
  #offered(name: string, keys: KeySource): KeySource {
    const refusal = this.#refused.get(name)
    if (!refusal) return keys
    const current = () => {
      throw refusal
    }
    return { ...keys, current }
  }

  /** Where an entry that was changed goes on: after what came for it before the change. */
  #replayPointFor({ name, topic, host }: CustomerEntry): ReplayPoint | undefined {
    const before = this.#live.get(name)
    const same = before?.entry.topic === topic && isSameHost(before.entry.host, host)
    return same ? before.subscription.replayPoint : undefined
  }

  async #stream(entry: CustomerEntry, signal: AbortSignal): Promise<void> {
    const { settings, program, decoders, outputs, onStatus } = this.#options
    const { replay, reconnect, verifyCertificates } = settings
    const { name } = entry
    const log = program.log.child({ entry: name })
    const processor = new Processor({ entry, decoder: decoders.of(entry), outputs, log })
    const keys = this.#ring.source(entry)
    const key = this.#offered(name, keys)
    const subscription = subscribe({
      entry,
      key,
      signal,
      replay,
      reconnect,
      verifyCertificates,
      resume: this.#replayPointFor(entry),
      userAgent: this.#userAgent,
      limiter: this.#limiter,
      budget: this.#budget,
      lastTimestamp: () => processor.lastTimestamp,
      onStatus: (status) => onStatus(status, entry),
    })
    const live: Live = { entry, keys, processor, subscription, held: false }
    const before = this.#live.get(name)
    if (before) this.#addToEarlier(before)
    this.#live.set(name, live)
    for await (const frames of subscription) {
      live.held = true
      await outputs.record(entry, frames)
      await processor.process(frames)
      live.held = false
    }
  }
}
