import type { JetStreamClient } from '@nats-io/jetstream'
import { untilAborted } from '../clock.js'
import type { Batch } from '../delivery/batch.js'
import { ByteBudget } from '../delivery/byte-budget.js'
import { RetryLog } from '../delivery/retries.js'
import type { SendQueue } from '../delivery/send-queue.js'
import { StreamError } from '../errors.js'
import { safeName } from '../files/safe-name.js'
import { getOrMake } from '../maps.js'
import { packagePlaces } from '../packages.js'
import type { StreamMessage } from '../service.js'
import {
  checkCredentials,
  isJetStreamMissing,
  loadNats,
  natsErrorText,
  parseNatsTarget,
} from './nats-client.js'
import { NatsLink, type NatsParts } from './nats-link.js'
import { messageId, type Output, type OutputContext } from './output.js'
import { createRemoteQueue } from './remote.js'

const BUDGET_BYTES = 4 * 1_048_576
/** How many messages of an entry are on their way at the same time. */
const PIPELINE = 256
const ACK_MS = 10_000
/** Room for the header with the message's id, which counts as payload. */
const HEADER_BYTES = 128
/** JetStream's code for a message that is larger than its stream allows. */
const MESSAGE_TOO_LARGE = 10_054

/**
 * `nats://HOST:4222/PREFIX[?stream=NAME]`: JetStream, one message a record on `PREFIX.<topic>.<entry>`,
 * delivered when the stream has acknowledged it. Several messages of an entry are on their way at the same
 * time. Where one of them fails, it and all behind it are published again, under the same ids. A server or
 * stream that is not there yet is waited for.
 * @param pipeline how many messages of an entry are on their way at the same time
 * @throws StreamError `exporter-unusable` where packages or address are wrong, or the server refuses the
 *   login at its first answer
 */
export async function openNats(
  target: string,
  context: OutputContext,
  pipeline = PIPELINE,
): Promise<Output> {
  const parsed = parseNatsTarget(target)
  const library = await loadNats(packagePlaces(context.cwd))
  await checkCredentials(context)
  const retryLog = new RetryLog(context)
  const output = new NatsOutput({ target: parsed, library, context, retryLog }, pipeline)
  await output.start()
  return output
}

/** How many messages of one entry go out together. */
type Pace = {
  /**
   * How many. One until a message was accepted: a stream that comes back while several are on their way takes
   * the later ones first.
   */
  size: number
  /** How many messages at the front are refused for themselves. */
  refused: number
}

class NatsOutput implements Output {
  readonly needs = 'line'
  readonly #parts: NatsParts
  readonly #link: NatsLink
  readonly #pipeline: number
  /** By subject. */
  readonly #queues = new Map<string, SendQueue<StreamMessage>>()
  readonly #budget = new ByteBudget(BUDGET_BYTES)

  constructor(parts: NatsParts, pipeline: number) {
    this.#parts = parts
    this.#link = new NatsLink(parts)
    this.#pipeline = pipeline
  }

  start(): Promise<void> {
    return this.#link.start()
  }

  async write(messages: readonly StreamMessage[]): Promise<void> {
    const [first] = messages
    if (!first) return
    await this.#queueOf(first).write(messages)
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#queues.values(), (queue) => queue.close()))
    await this.#link.close()
  }

  #queueOf({ topic, customer }: StreamMessage): SendQueue<StreamMessage> {
    const { target, context, retryLog } = this.#parts
    const subject = `${target.prefix}.${topic}.${safeName(customer, { keepDots: false })}`
    return getOrMake(this.#queues, subject, () => {
      const pace: Pace = { size: 1, refused: 0 }
      return createRemoteQueue<StreamMessage>(context, {
        deliver: (batch, signal) => this.#deliver(subject, pace, batch, signal),
        batch: { maxCount: this.#pipeline, maxBytes: BUDGET_BYTES },
        budget: this.#budget,
        retryLog,
      })
    })
  }

  async #deliver(
    subject: string,
    pace: Pace,
    batch: Batch<StreamMessage>,
    signal: AbortSignal,
  ): Promise<void> {
    if (pace.refused > 0) batch.fill()
    while (batch.items.length > 0 && !signal.aborted) {
      const client = await this.#link.client()
      const size = this.#link.mayTakeOutOfOrder ? 1 : pace.size
      const part = batch.items.slice(0, Math.max(size, pace.refused + 1))
      const outcomes = await this.#publishAll(client, subject, part)
      this.#settle(batch, outcomes, pace)
    }
  }

  /** @returns for each message: accepted, or why not; undefined where the connection was lost before */
  async #publishAll(
    client: JetStreamClient,
    subject: string,
    messages: readonly StreamMessage[],
  ): Promise<readonly (true | StreamError | undefined)[]> {
    const outcomes = new Array<true | StreamError | undefined>(messages.length).fill(undefined)
    const { lost } = this.#link
    const answers = messages.map(async (message, at) => {
      outcomes[at] = await this.#publish(client, subject, message)
    })
    await untilAborted(Promise.all(answers), lost).catch((error: unknown) => {
      if (!lost.aborted) throw error
    })
    // What comes in later belongs to the lost connection.
    return [...outcomes]
  }

  /** Settles messages from the front, up to the first one that must be published again. */
  #settle(
    batch: Batch<StreamMessage>,
    outcomes: readonly (true | StreamError | undefined)[],
    pace: Pace,
  ): void {
    const last = outcomes.lastIndexOf(true)
    const again = outcomes.findIndex((each) => each === undefined || (each !== true && each.retry))
    const settled = outcomes.slice(0, again === -1 ? undefined : again)
    let refusal: StreamError | undefined
    pace.refused = 0
    for (const [at, outcome] of settled.entries()) {
      if (outcome === true) batch.delivered(1)
      else if (outcome && (at < last || batch.closing())) batch.refused(outcome)
      else {
        // Nothing was accepted after this one. The next try goes one message further.
        refusal = outcome
        pace.refused = settled.length - at
        break
      }
    }
    pace.size = again === -1 ? this.#pipeline : 1
    const error = outcomes[again]
    if (error instanceof StreamError) throw error
    if (again !== -1) this.#parts.context.counters.retried += outcomes.length - again
    else if (refusal && batch.items.length === pace.refused) {
      const says = `${refusal.message}, and nothing after that was accepted`
      throw new StreamError('output-refused', says)
    }
  }

  /** Publishes one message, without the newline of its line. */
  async #publish(
    client: JetStreamClient,
    subject: string,
    message: StreamMessage,
  ): Promise<true | StreamError> {
    const payload = message.line.subarray(0, -1)
    const { maxPayload } = this.#link
    if (payload.length + HEADER_BYTES > maxPayload) {
      const why = `${payload.length} bytes are more than max_payload of the server, ${maxPayload}`
      return new StreamError('export-failed', `${subject}: ${why}`)
    }
    try {
      await client.publish(subject, payload, { msgID: messageId(message), timeout: ACK_MS })
      return true
    } catch (error) {
      return this.#translate(error, subject)
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
}
