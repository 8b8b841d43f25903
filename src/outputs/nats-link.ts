import { setMaxListeners } from 'node:events'
import type { JetStreamClient } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { sleep } from '../clock.js'
import type { RetryLog } from '../delivery/retries.js'
import { StreamError, toStreamError } from '../errors.js'
import { backoffDelay } from '../net/backoff.js'
import { isLoopback } from '../net/host.js'
import {
  connectNats,
  loginRefused,
  type NatsLibrary,
  type NatsTarget,
  sentInPlainText,
} from './nats-client.js'
import { findStreams } from './nats-stream.js'
import type { OutputContext } from './output.js'
import { firstTry } from './remote.js'

const ANSWER_MS = 10_000

export type NatsParts = {
  readonly target: NatsTarget
  readonly library: NatsLibrary
  readonly context: OutputContext
  readonly retryLog: RetryLog
}

type Connected = { readonly connection: NatsConnection; readonly client: JetStreamClient }

/** One connection for all subjects. The library opens it again when it is lost. */
export class NatsLink {
  readonly name: string
  readonly #parts: NatsParts
  readonly #closing = new AbortController()
  #open: Connected | undefined
  /** Pending while there is no connection. */
  #connected: Promise<void> | undefined
  #onConnected = () => {}
  /** Aborts when the connection is lost; a new one when it is back. */
  #lost = whenLost()
  #mayTakeOutOfOrder = false
  #warnedPlain = false

  constructor(parts: NatsParts) {
    this.#parts = parts
    this.name = parts.target.name
    this.#wait()
  }

  /**
   * Whether a stream may refuse a message and take the next one, as one that is full and refuses new ones
   * does. Then only one message of an entry may be on its way.
   */
  get mayTakeOutOfOrder(): boolean {
    return this.#mayTakeOutOfOrder
  }

  /** Aborts when the connection is lost. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /** What the server takes at most in one message, bytes. */
  get maxPayload(): number {
    return this.#open?.connection.info?.max_payload ?? Number.POSITIVE_INFINITY
  }

  /**
   * Connects, and looks for the streams. Where that does not work within 5 s, it is tried again in the
   * background.
   * @throws StreamError `exporter-unusable` where the server refuses the login at its first answer
   */
  async start(): Promise<void> {
    const { context } = this.#parts
    const attempt = this.#try()
    const { name } = this
    const fault = await firstTry({ name, graceOver: context.graceOver }, () => attempt)
    if (fault === undefined) return
    const error = toStreamError(fault)
    if (error.code === 'exporter-unusable') {
      await this.close()
      throw error
    }
    this.#parts.retryLog.failed(this.#closing, error)
    void this.#keepTrying(attempt)
  }

  /** Resolves to the client as soon as there is a connection. */
  async client(): Promise<JetStreamClient> {
    for (;;) {
      await this.#connected
      if (this.#open && !this.#connected) return this.#open.client
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#open?.connection.close()
  }

  async #keepTrying(first: Promise<void>): Promise<void> {
    const { context, retryLog } = this.#parts
    const { signal } = this.#closing
    let attempt = first
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        await attempt
        retryLog.works(this.#closing)
        return
      } catch (thrown) {
        if (signal.aborted) return
        retryLog.failed(this.#closing, waitedFor(toStreamError(thrown)))
      }
      await sleep(backoffDelay(failures, context.random), context.clock, signal)
      if (!signal.aborted) attempt = this.#try()
    }
  }

  async #try(): Promise<void> {
    if (!this.#open) await this.#connect()
    await this.#findStreams()
  }

  async #connect(): Promise<void> {
    const { library, target, context } = this.#parts
    const connection = await connectNats(library, target, context)
    if (this.#closing.signal.aborted) {
      await connection.close()
      throw new StreamError('connection-lost', `${this.name}: the program ends`)
    }
    this.#open = { connection, client: library.jetstream.jetstream(connection) }
    this.#warnIfPlain(connection)
    this.#goOn()
    void this.#watch(connection)
  }

  async #findStreams(): Promise<void> {
    const { library, target, context } = this.#parts
    if (!this.#open) return
    const options = { checkAPI: false, timeout: ANSWER_MS }
    const manager = await library.jetstream.jetstreamManager(this.#open.connection, options)
    const { streams, remarks } = await findStreams(library, manager, target, context)
    this.#mayTakeOutOfOrder = streams.some(({ refusesWhenFull }) => refusesWhenFull)
    for (const { name, duplicateWindowMs } of streams) {
      context.log.info(`stream ${name} keeps repeats out for ${duplicateWindowMs / 1000} s`)
    }
    for (const remark of remarks) context.log.warn(remark)
  }

  #warnIfPlain(connection: NatsConnection): void {
    const { env, log } = this.#parts.context
    const sent = sentInPlainText(connection, env)
    const host = connection.getServer().replace(/:\d+$/, '')
    if (!sent || this.#warnedPlain || isLoopback(host)) return
    this.#warnedPlain = true
    log.warn(`${sent} is sent in plain text; nats://…?tls refuses a server without TLS`)
  }

  async #watch(connection: NatsConnection): Promise<void> {
    const { AuthorizationError, UserAuthenticationExpiredError } = this.#parts.library.transport
    for await (const status of connection.status()) {
      const { type } = status
      if (type === 'disconnect') this.#onLost()
      if (type === 'error') {
        const { error } = status
        if (
          error instanceof AuthorizationError ||
          error instanceof UserAuthenticationExpiredError
        ) {
          const refused = new StreamError('output-refused', loginRefused(this.name))
          this.#parts.retryLog.failed(this, refused)
        }
      }
      if (type === 'reconnect') {
        this.#warnIfPlain(connection)
        this.#lost = whenLost()
        this.#goOn()
        this.#parts.retryLog.works(this)
      }
    }
  }

  #onLost(): void {
    // The library reports this again for each try that ends with a refused login.
    if (this.#connected) return
    const error = new StreamError('connection-lost', `${this.name}: connection lost`)
    this.#parts.retryLog.failed(this, error)
    this.#wait()
    // What was on its way may have arrived or not: it is published again, under the same id.
    this.#lost.abort()
  }

  #wait(): void {
    this.#connected = new Promise((resolve) => {
      this.#onConnected = resolve
    })
  }

  #goOn(): void {
    this.#connected = undefined
    this.#onConnected()
  }
}

/** After the start, somebody may fix at any time what was refused. */
function waitedFor(error: StreamError): StreamError {
  return error.retry ? error : new StreamError('output-refused', error.message)
}

/** A thousand subjects may listen to the signal, without a warning of Node. */
function whenLost(): AbortController {
  const lost = new AbortController()
  setMaxListeners(0, lost.signal)
  return lost
}
