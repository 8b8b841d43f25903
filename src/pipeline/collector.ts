import { type Clock, systemClock } from '../clock.js'
import type { StreamSettings } from '../commands/settings.js'
import { createFrameBudget } from '../connection/frame-queue.js'
import type { Status } from '../connection/status.js'
import { DELAY_BOUNDS, Histogram } from '../delivery/histogram.js'
import { StreamError } from '../errors.js'
import { type CustomerEntry, subscriptionId } from '../input/entries.js'
import type { InputFile } from '../input/input-file.js'
import type { Logger } from '../log.js'
import { getOrMake } from '../maps.js'
import { isSameHost } from '../net/host.js'
import { createLimiter } from '../net/limiter.js'
import { UNVERIFIED } from '../net/route.js'
import type { Outputs } from '../outputs/outputs.js'
import type { EntrySnapshot } from '../report/snapshot.js'
import type { AnyTopic, Endpoint, ResumePoint, Service } from '../service.js'
import type { Shutdown } from '../shutdown.js'
import { EntryStream, logReplaced, type Received, receivedBy, Streams } from './streams.js'

type CollectorOptions = {
  readonly settings: Pick<StreamSettings, 'reconnect' | 'verifyCertificates'>
  readonly program: { readonly log: Logger; readonly shutdown: Shutdown }
  readonly file: InputFile
  readonly service: Service
  readonly outputs: Outputs
  /** Called at each change of an entry's status. */
  readonly onStatus: (status: Status, entry: CustomerEntry) => void
  readonly clock?: Clock
  readonly random?: () => number
}

/** Streams the entries of the input file, which come and go with the file. */
export class Collector {
  readonly #options: CollectorOptions
  readonly #clock: Clock
  readonly #limiter = createLimiter()
  readonly #budget = createFrameBudget()
  readonly #streams: Streams
  /** The streams that have begun, the last one of each subscription. */
  readonly #live = new Map<string, EntryStream>()
  /** By topic: from the timestamp of a message until its receipt. */
  readonly delays = new Map<AnyTopic, Histogram>()
  #everOpen = false
  #earlier: Received | undefined
  #changes = 0
  #changing = Promise.resolve()

  constructor(options: CollectorOptions) {
    const { program, settings, clock = systemClock } = options
    this.#options = options
    this.#clock = clock
    if (!settings.verifyCertificates) program.log.warn(UNVERIFIED)
    this.#streams = new Streams({
      stopping: this.#stopping,
      onFailure: () => program.shutdown.begin(),
    })
  }

  /** Whether any entry has been open in this run. */
  get everOpen(): boolean {
    return this.#everOpen
  }

  get statuses(): Status[] {
    return [...this.#live.values()].map(({ subscription }) => subscription.status)
  }

  /** The state of the entries, in the order of the input file. */
  snapshot(nowMs: number): EntrySnapshot[] {
    return [...this.#live.values()].map((stream) => stream.snapshot(nowMs))
  }

  /** What was received by entries that have been removed or changed since. */
  get earlier(): Received | undefined {
    return this.#earlier
  }

  /** Streams these entries, and those that reloads add; resolves when no entry streams any more. */
  async stream(entries: readonly CustomerEntry[]): Promise<void> {
    void this.#change(() => this.#start(entries))
    await this.#streams.finished()
  }

  /** Applies the input file as it is now. If it is wrong, nothing changes. */
  reload(): Promise<void> {
    return this.#change(() => this.#reload())
  }

  /** Makes one change at a time. A reload waits for the start: before, there is nothing to stop. */
  #change(work: () => Promise<void>): Promise<void> {
    const before = this.#changing
    this.#changes++
    this.#changing = this.#streams.track(async () => {
      await before
      try {
        await work()
      } finally {
        this.#changes--
      }
      this.#endWhereAllRefused()
    })
    return this.#changing
  }

  get #stopping(): AbortSignal {
    return this.#options.program.shutdown.stopping
  }

  async #start(entries: readonly CustomerEntry[]): Promise<void> {
    let endpoints: readonly Endpoint[]
    try {
      endpoints = await this.#options.service.endpoints(entries, this.#stopping)
    } catch (error) {
      if (this.#stopping.aborted) return
      throw error
    }
    for (const [at, entry] of entries.entries()) {
      const endpoint = endpoints[at]
      if (!endpoint) continue
      this.#streams.start(subscriptionId(entry), (stopping) => this.#run(entry, endpoint, stopping))
    }
  }

  async #reload(): Promise<void> {
    const { file, service, program } = this.#options
    const { log } = program
    if (this.#stopping.aborted) return
    if (this.#streams.ended) {
      log.warn(
        'all streams have ended, and the program is about to end: the input file is not read again',
      )
      return
    }
    try {
      const { added, removed, changed, same } = await file.read(({ added, changed }) =>
        service.decoders.load([...added, ...changed].map(({ topic }) => topic)),
      )
      // Central may accept now what it refused: a topic is ticked, a credential renewed.
      const again = same.filter((entry) => this.#tryNow(entry))
      log.info('the input file was read again, and its subscriptions compared', {
        added: added.length,
        removed: removed.length,
        changed: changed.length,
        same: same.length - again.length,
        tried_again: again.length || undefined,
      })
      for (const entry of removed) void this.#remove(subscriptionId(entry))
      await this.#start([...added, ...changed, ...again.filter((entry) => this.#hasEnded(entry))])
    } catch (error) {
      if (!(error instanceof StreamError)) throw error
      for (const line of error.lines) log.error(line)
      log.error('the input file was not applied: all entries continue as before')
    }
  }

  /** @returns whether the entry is refused */
  #tryNow(entry: CustomerEntry): boolean {
    const subscription = this.#live.get(subscriptionId(entry))?.subscription
    subscription?.tryNow()
    return subscription?.status.type === 'refused'
  }

  /** Under `--no_reconnect` a refusal ends the stream. */
  #hasEnded(entry: CustomerEntry): boolean {
    const status = this.#live.get(subscriptionId(entry))?.subscription.status
    return status?.type === 'refused' && status.delayMs === undefined
  }

  async #remove(id: string): Promise<void> {
    const live = this.#live.get(id)
    await this.#streams.stop(id)
    if (live && this.#live.get(id) === live) {
      this.#addToEarlier(live)
      this.#live.delete(id)
    }
    this.#endWhereAllRefused()
  }

  #addToEarlier(stream: EntryStream): void {
    this.#earlier = receivedBy([stream.snapshot(this.#clock.now())], this.#earlier)
  }

  /** A changed entry continues after what came for it before the change. */
  #resumePointFor(entry: CustomerEntry): ResumePoint | undefined {
    const before = this.#live.get(subscriptionId(entry))
    const same = before && isSameHost(before.entry.host, entry.host)
    return same ? before.subscription.resumePoint : undefined
  }

  #run(entry: CustomerEntry, endpoint: Endpoint, stopping: AbortController): Promise<void> {
    const { settings, program, service, outputs, random } = this.#options
    const { reconnect, verifyCertificates } = settings
    const stream = new EntryStream({
      reconnect,
      verifyCertificates,
      entry,
      endpoint,
      decoder: service.decoders.of(entry),
      outputs,
      log: program.log,
      delays: getOrMake(this.delays, entry.topic, () => new Histogram(DELAY_BOUNDS)),
      stopping,
      graceOver: program.shutdown.graceOver,
      resume: this.#resumePointFor(entry),
      limiter: this.#limiter,
      budget: this.#budget,
      onStatus: (status) => this.#onStatus(status, entry),
      onReplaced: (failure) => logReplaced(program.log.child({ entry: entry.label }), failure),
      onRefused: () => this.#endWhereAllRefused(),
      clock: this.#clock,
      random,
    })
    const id = subscriptionId(entry)
    const before = this.#live.get(id)
    if (before) this.#addToEarlier(before)
    this.#live.set(id, stream)
    return stream.run()
  }

  #onStatus(status: Status, entry: CustomerEntry): void {
    this.#everOpen ||= status.type === 'open'
    this.#options.onStatus(status, entry)
  }

  /** Ends the run where every entry is refused and none was ever open: the file or the account is wrong. */
  #endWhereAllRefused(): void {
    if (this.#everOpen || this.#changes > 0) return
    const { names } = this.#streams
    if (names.every((id) => this.#live.get(id)?.isRefused)) this.#streams.stopAll()
  }
}
