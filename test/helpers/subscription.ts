import type { TestContext } from 'node:test'
import { ClassicEndpoint, type EndpointOptions } from '../../src/classic/classic.js'
import type { KeySource } from '../../src/classic/entry-key.js'
import type { Status } from '../../src/connection/status.js'
import {
  type SubscribeOptions,
  type Subscription,
  subscribe,
} from '../../src/connection/subscribe.js'
import { parseHost } from '../../src/net/host.js'
import { createLimiter } from '../../src/net/limiter.js'
import { Secret } from '../../src/secret.js'
import type { Endpoint, Frame } from '../../src/service.js'
import { FakeClock, until } from './clock.js'
import { makeKey } from './keys.js'

type StatusOf<T extends Status['type']> = Extract<Status, { type: T }>

/** A running subscription whose frames are collected, on a clock that stands still. */
export class Subscriber {
  readonly clock: FakeClock
  readonly frames: Frame[] = []
  /** Every status so far, in order. */
  readonly statuses: Status[] = []
  /** Resolves when the iteration has ended. */
  readonly finished: Promise<void>
  readonly subscription: Subscription
  readonly #stop = new AbortController()

  constructor(options: Omit<SubscribeOptions, 'stopping'>, clock: FakeClock, collect: boolean) {
    this.clock = clock
    this.subscription = subscribe({
      ...options,
      clock,
      stopping: this.#stop,
      onStatus: (status, previous) => {
        this.statuses.push(status)
        options.onStatus?.(status, previous)
      },
    })
    this.finished = collect ? this.#collect() : Promise.resolve()
  }

  stop(): void {
    this.#stop.abort()
  }

  get status(): Status {
    return this.subscription.status
  }

  /** Waits until the subscription is in this state. */
  async reach<T extends Status['type']>(type: T): Promise<StatusOf<T>> {
    await until(
      () => this.status.type === type,
      () => `${type}; it is ${this.status.type}`,
    )
    return this.status as StatusOf<T>
  }

  /** Lets the wait of a retry pass, and waits until the next try has begun: it may have failed by then. */
  async passWait(delayMs: number): Promise<void> {
    const before = this.statuses.length
    this.clock.advance(delayMs)
    await until(() => this.statuses.length > before)
  }

  /** Waits for trouble, lets the wait pass, and waits until it is open again. */
  async reconnect(): Promise<StatusOf<'retrying'>> {
    const status = await this.reach('retrying')
    this.clock.advance(status.delayMs)
    await this.reach('open')
    return status
  }

  /** Waits until so many frames have come. */
  async receive(count: number): Promise<Frame[]> {
    await until(
      () => this.frames.length >= count,
      () => `${count} frames; ${this.frames.length} came`,
    )
    return this.frames
  }

  async #collect(): Promise<void> {
    for await (const frames of this.subscription) this.frames.push(...frames)
  }
}

type SubscriberOptions = Partial<
  Omit<SubscribeOptions, 'clock' | 'stopping' | 'endpoint'> &
    Pick<EndpointOptions, 'key' | 'replay'>
> & {
  readonly clock?: FakeClock
  readonly entry?: Partial<EndpointOptions['entry']>
  /** Read frames as they come; default: true. */
  readonly collect?: boolean
  /** Changes the endpoint. */
  readonly adapt?: (endpoint: Endpoint) => Endpoint
}

/** A key that never changes. */
export function fixedKey(text = makeKey('fixed')): KeySource {
  const key = new Secret(text)
  return { current: () => key, afterUnauthorized: () => Promise.resolve(key) }
}

/** The endpoint of a topic, by default `monitoring`, of Classic Central at a URL. */
export function endpointAt(
  url: string,
  {
    entry,
    ...options
  }: Partial<Omit<EndpointOptions, 'entry'>> & Pick<SubscriberOptions, 'entry'> = {},
): Endpoint {
  return new ClassicEndpoint({
    key: fixedKey(),
    userAgent: 'aruba-stream/test',
    ...options,
    entry: { topic: 'monitoring', username: undefined, host: parseHost(url), ...entry },
  })
}

/** Subscribes to an endpoint; stopped when the test ends. */
export function subscribeTo(
  t: TestContext,
  options: Omit<SubscribeOptions, 'stopping' | 'limiter'>,
  clock: FakeClock,
  collect = true,
): Subscriber {
  const common = { limiter: createLimiter(), random: () => 0.5 }
  const subscriber = new Subscriber({ ...common, ...options }, clock, collect)
  t.after(async () => {
    subscriber.stop()
    await subscriber.finished
  })
  return subscriber
}

/** Subscribes to `monitoring` at a URL; stopped when the test ends. */
export function startSubscriber(
  t: TestContext,
  url: string,
  options: SubscriberOptions = {},
): Subscriber {
  const { clock = new FakeClock(), collect = true, adapt = (endpoint) => endpoint } = options
  const { entry, key = fixedKey(), replay, clock: _, collect: __, adapt: ___, ...rest } = options
  const endpoint = adapt(
    endpointAt(url, { entry: entry ?? {}, key, replay, now: () => clock.now() }),
  )
  return subscribeTo(t, { endpoint, ...rest }, clock, collect)
}
