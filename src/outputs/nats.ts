import { setMaxListeners } from 'node:events'
import { join } from 'node:path'
import type { JetStreamClient } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { untilAborted } from '../clock.js'
import { ByteBudget } from '../delivery/byte-budget.js'
import type { Batch } from '../delivery/delivery.js'
import { RetryLog } from '../delivery/retry-log.js'
import { SendQueue } from '../delivery/send-queue.js'
import { StreamError } from '../errors.js'
import { safeName } from '../files/safe-name.js'
import { type BackoffOptions, backoffDelay } from '../net/backoff.js'
import type { StreamMessage } from '../service.js'
import { messageId } from './message-id.js'
import {
  connectNats,
  isJetStreamMissing,
  loadNats,
  type NatsLibrary,
  natsErrorText,
} from './nats-client.js'
import { findStreams } from './nats-stream.js'
import { type NatsTarget, parseNatsTarget } from './nats-target.js'
import { accountOf, type Output, type OutputContext } from './output.js'

const BUDGET_BYTES = 4 * 1_048_576
const ANSWER_MS = 10_000
const ACK_MS = 10_000
/** Room for the header with the message's id, which counts as payload. */
const HEADER_BYTES = 128
/** JetStream's code for a message that is larger than its stream allows. */
const MESSAGE_TOO_LARGE = 10_054

/**
 * `nats://HOST:4222/PREFIX[?stream=NAME]`: JetStream, one message a record on `PREFIX.<topic>.<entry>`,
 * delivered when the stream has acknowledged it. Messages of different entries are on their way at the
 * same time; those of one entry follow each other, since a stream may refuse one and take the next.
 * @throws StreamError `exporter-unusable` where packages, server, login or stream are missing or wrong
 */
export async function openNats(
  target: string,
  context: OutputContext,
  timing: BackoffOptions = {},
): Promise<Output> {
  const parsed = parseNatsTarget(target)
  const library = await loadNats([import.meta.url, join(context.cwd, 'package.json')])
  const connection = await connectNats(library, parsed.servers, context, timing)
  try {
    const options = { checkAPI: false, timeout: ANSWER_MS }
    const manager = await library.jetstream.jetstreamManager(connection, options)
    const { streams, untaken } = await findStreams(library, manager, parsed, context)
    for (const { name, duplicateWindowMs } of streams) {
      context.log.info(`stream ${name} keeps repeats out for ${duplicateWindowMs / 1000} s`)
    }
    if (untaken.length > 0) {
      const subjects = untaken.map((topic) => `${parsed.prefix}.${topic}.*`).join(', ')
      context.log.warn(`no JetStream stream takes ${subjects}; such messages would wait for one`)
    }
  } catch (error) {
    await connection.close()
    throw error
  }
  return new NatsOutput({ target: parsed, library, connection, context, timing })
}

type NatsParts = {
  readonly target: NatsTarget
  readonly library: NatsLibrary
  readonly connection: NatsConnection
  readonly context: OutputContext
  readonly timing: BackoffOptions
}

/** Publishes over one connection; the library opens it again when it is lost. */
class NatsOutput implements Output {
  readonly needs = 'line'
  readonly #parts: NatsParts
  readonly #name: string
  readonly #client: JetStreamClient
  /** By subject. One message of each is published at a time, so that order holds whatever happens. */
  readonly #queues = new Map<string, SendQueue<StreamMessage>>()
  readonly #budget = new ByteBudget(BUDGET_BYTES)
  readonly #retryLog: RetryLog
  /** Aborts when the connection is lost; a new one when it is back. */
  #lost = whenLost()
  /** Pending while there is no connection. */
  #connected: Promise<void> | undefined
  #reconnected: () => void = () => {}

  constructor(parts: NatsParts) {
    const { target, library, connection, context } = parts
    this.#parts = parts
    this.#name = `nats://${target.servers.join(',')}/${target.prefix}`
    this.#client = library.jetstream.jetstream(connection)
    this.#retryLog = new RetryLog(context)
    this.#watch()
  }

  async write(messages: readonly StreamMessage[]): Promise<void> {
    const [first] = messages
    if (!first) return
    this.#parts.context.counters.waiting += messages.length
    await this.#queueOf(first).write(messages)
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#queues.values(), (queue) => queue.close()))
    await this.#parts.connection.close()
  }

  #queueOf({ topic, customer }: StreamMessage): SendQueue<StreamMessage> {
    const { target, context, timing } = this.#parts
    const subject = `${target.prefix}.${topic}.${safeName(customer, { keepDots: false })}`
    let queue = this.#queues.get(subject)
    if (!queue) {
      const { graceOver, forced } = context
      queue = new SendQueue<StreamMessage>({
        ...accountOf(context),
        deliver: (batch, signal) => this.#deliver(subject, batch, signal),
        batch: { maxCount: 1, maxBytes: BUDGET_BYTES },
        budget: this.#budget,
        retryLog: this.#retryLog,
        delayMs: (failures) => backoffDelay(failures, timing),
        graceOver,
        endsAtGrace: true,
        forced,
        late: `${this.#name}: not delivered before the end`,
      })
      this.#queues.set(subject, queue)
    }
    return queue
  }

  /** Publishes one message. When the connection is lost, publishes it again, under the same id. */
  async #deliver(
    subject: string,
    { items }: Batch<StreamMessage>,
    signal: AbortSignal,
  ): Promise<void> {
    const [message] = items
    while (message && !signal.aborted) {
      await this.#connected
      const lost = this.#lost.signal
      try {
        return await untilAborted(this.#publish(subject, message), lost)
      } catch (error) {
        if (!lost.aborted) throw error
        this.#parts.context.counters.retried++
      }
    }
  }

  /** Publishes one message, without the newline of its line. */
  async #publish(subject: string, message: StreamMessage): Promise<void> {
    const payload = message.line.subarray(0, -1)
    const { info } = this.#parts.connection
    const maxPayload = info?.max_payload ?? Number.POSITIVE_INFINITY
    if (payload.length + HEADER_BYTES > maxPayload) {
      const why = `${payload.length} bytes are more than max_payload of the server, ${maxPayload}`
      throw new StreamError('export-failed', `${subject}: ${why}`)
    }
    try {
      await this.#client.publish(subject, payload, { msgID: messageId(message), timeout: ACK_MS })
    } catch (error) {
      throw this.#translate(error, subject)
    }
  }

  #translate(error: unknown, subject: string): StreamError {
    const { JetStreamApiError } = this.#parts.library.jetstream
    const { TimeoutError } = this.#parts.library.transport
    const said = natsErrorText(error, this.#parts.context)
    if (error instanceof JetStreamApiError && error.code === MESSAGE_TOO_LARGE) {
      return new StreamError('export-failed', `${subject}: ${said}`)
    }
    if (isJetStreamMissing(error)) {
      return new StreamError('unavailable', `${subject}: no JetStream stream takes it at present`)
    }
    if (error instanceof TimeoutError) {
      const seconds = ACK_MS / 1000
      return new StreamError('timed-out', `${subject}: no acknowledgement within ${seconds} s`)
    }
    return new StreamError('unavailable', `${subject}: JetStream refused it (${said})`)
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.#parts.connection.status()) {
      if (type === 'disconnect') this.#onLost()
      if (type === 'reconnect') {
        this.#connected = undefined
        this.#lost = whenLost()
        this.#reconnected()
        this.#retryLog.works(this)
      }
    }
  }

  #onLost(): void {
    // The library reports this again for each try that ends with a refused login.
    this.#connected ??= new Promise((resolve) => {
      this.#reconnected = resolve
    })
    this.#retryLog.failed(
      this,
      new StreamError('connection-lost', `${this.#name}: connection lost`),
    )
    // What was on its way may have arrived or not: it is published again, under the same id.
    this.#lost.abort()
  }
}

/** A thousand subjects may listen to the signal, without a warning of Node. */
function whenLost(): AbortController {
  const lost = new AbortController()
  setMaxListeners(0, lost.signal)
  return lost
}
