import { join } from 'node:path'
import type { NatsConnection } from '@nats-io/transport-node'
import type { StreamMessage } from '../classic/message.js'
import { sleep, systemClock } from '../clock.js'
import { StreamError } from '../errors.js'
import { safeName } from '../files/safe-name.js'
import { type BackoffOptions, backoffDelay } from '../net/backoff.js'
import { connectNats, loadNats, type NatsLibrary } from './nats-client.js'
import { NatsPublisher } from './nats-publisher.js'
import { findStreams } from './nats-stream.js'
import { parseNatsTarget } from './nats-target.js'
import { Outbox } from './outbox.js'
import type { Exporter, ExporterContext } from './output.js'
import { Trouble } from './trouble.js'
import { Window } from './window.js'

const WINDOW_BYTES = 4 * 1_048_576
const ANSWER_MS = 10_000

/** The messages of one subject. One is published at a time, so that order holds whatever happens. */
type Lane = {
  readonly subject: string
  readonly outbox: Outbox
  readonly trouble: Trouble
  /** Ends the wait for an acknowledgement that will not come. */
  interrupt: (error: StreamError) => void
  running: Promise<void> | undefined
}

/**
 * `nats://HOST:4222/PREFIX[?stream=NAME]`: JetStream, one message a record on `PREFIX.<topic>.<entry>`,
 * delivered when the stream has acknowledged it. Messages of different entries are on their way at the
 * same time; those of one entry follow each other, since a stream may refuse one and take the next.
 * @throws StreamError `exporter-unusable` where packages, server, login or stream are missing or wrong
 */
export async function openNats(
  target: string,
  context: ExporterContext,
  timing: BackoffOptions = {},
): Promise<Exporter> {
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
  return new NatsExporter(parsed, library, connection, context, timing)
}

class NatsExporter implements Exporter {
  readonly #name: string
  readonly needs = 'line'
  readonly #prefix: string
  readonly #connection: NatsConnection
  readonly #publisher: NatsPublisher
  readonly #context: ExporterContext
  readonly #timing: BackoffOptions
  readonly #lanes = new Map<string, Lane>()
  readonly #window = new Window(WINDOW_BYTES)
  readonly #trouble: Trouble
  /** Pending while there is no connection. */
  #connected: Promise<void> | undefined
  #reconnected: () => void = () => {}

  constructor(
    target: { readonly servers: readonly string[]; readonly prefix: string },
    library: NatsLibrary,
    connection: NatsConnection,
    context: ExporterContext,
    timing: BackoffOptions,
  ) {
    this.#name = `nats://${target.servers.join(',')}/${target.prefix}`
    this.#prefix = target.prefix
    this.#connection = connection
    this.#publisher = new NatsPublisher(library, connection)
    this.#context = context
    this.#timing = timing
    this.#trouble = new Trouble(context.log)
    context.signal.addEventListener('abort', () => this.#giveUp(), { once: true })
    this.#watch()
  }

  export(message: StreamMessage): void | Promise<void> {
    const lane = this.#lane(message)
    const room = lane.outbox.push(message)
    if (this.#context.signal.aborted) this.#giveUp()
    else lane.running ??= this.#drain(lane)
    return room
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#lanes.values(), (lane) => lane.running))
    await this.#connection.close()
  }

  #lane({ topic, customer }: StreamMessage): Lane {
    const subject = `${this.#prefix}.${topic}.${safeName(customer, { keepDots: false })}`
    let lane = this.#lanes.get(subject)
    if (!lane) {
      lane = {
        subject,
        outbox: new Outbox(this.#context, this.#window),
        trouble: new Trouble(this.#context.log),
        interrupt: () => {},
        running: undefined,
      }
      this.#lanes.set(subject, lane)
    }
    return lane
  }

  async #drain(lane: Lane): Promise<void> {
    const { outbox, trouble } = lane
    const { signal, counters } = this.#context
    for (let message = outbox.first; message; message = outbox.first) {
      await this.#connected
      const error = signal.aborted ? undefined : await this.#publish(lane, message)
      if (signal.aborted) break
      if (!error) {
        outbox.delivered(1)
        trouble.mended()
      } else if (!error.retry) {
        trouble.mended()
        outbox.giveUp(error, 1)
      } else {
        counters.retried += 1
        if (error.code === 'connection-lost') continue
        trouble.failed(error)
        const delayMs = backoffDelay(trouble.failures, this.#timing)
        await sleep(delayMs, systemClock, signal).catch(() => {})
      }
    }
    // Made again for the next message: over the months, entries come and go.
    this.#lanes.delete(lane.subject)
  }

  /** One try; ends early when the connection is lost or the time is over. */
  #publish(lane: Lane, message: StreamMessage): Promise<StreamError | undefined> {
    return new Promise((resolve) => {
      lane.interrupt = resolve
      this.#publisher.publish(lane.subject, message).then(resolve)
    })
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (type === 'disconnect') this.#lost()
      if (type === 'reconnect') {
        this.#connected = undefined
        this.#reconnected()
        this.#trouble.mended()
      }
    }
  }

  #lost(): void {
    const error = new StreamError('connection-lost', `${this.#name}: connection lost`)
    // Told again for each try that gets as far as a refused login.
    this.#connected ??= new Promise((resolve) => {
      this.#reconnected = resolve
    })
    this.#trouble.failed(error)
    // What was on its way may have arrived or not: it is published again, under the same id.
    for (const lane of this.#lanes.values()) lane.interrupt(error)
  }

  #giveUp(): void {
    const error = new StreamError('export-failed', `${this.#name}: not delivered before the end`)
    for (const lane of this.#lanes.values()) {
      lane.outbox.giveUp(error)
      lane.interrupt(error)
    }
    this.#reconnected()
  }
}
