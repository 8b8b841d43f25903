import type * as Kafka from '@platformatic/kafka'
import { ByteBudget } from '../delivery/byte-budget.js'
import { isolateRefused } from '../delivery/isolate-refused.js'
import type { SendQueue } from '../delivery/send-queue.js'
import { StreamError, toStreamError } from '../errors.js'
import type { BackoffOptions } from '../net/backoff.js'
import { isLoopback } from '../net/host.js'
import { loadPackages, packagePlaces } from '../packages.js'
import type { StreamMessage } from '../service.js'
import { KafkaClient } from './kafka-client.js'
import { isLoginRefused } from './kafka-errors.js'
import { type KafkaTarget, parseKafkaTarget, readKafkaLogin } from './kafka-target.js'
import type { Output, OutputContext } from './output.js'
import { createRemoteQueue, firstTry } from './remote.js'

/** With keys and headers below the 1 MiB that a broker takes by default, even where nothing is packed. */
const BATCH = { maxCount: 1_000, maxBytes: 786_432, maxAgeMs: 50 }
const BUDGET_BYTES = 4 * 1_048_576

/**
 * `kafka://HOST:9092/PREFIX` and `kafkas://…`: a record is a message of the topic `PREFIX.<topic>`, its
 * key is the entry. One batch is under way at a time, so that order holds. It is delivered when all
 * replicas in sync have it. A broker that cannot be reached yet is waited for.
 * @throws StreamError `exporter-unusable` where package, address or login are wrong, or the broker
 *   refuses the login at its first answer
 */
export async function openKafka(
  target: string,
  context: OutputContext,
  timing: BackoffOptions = {},
): Promise<Output> {
  const parsed = parseKafkaTarget(target)
  const login = readKafkaLogin(context.env)
  const needed = { type: 'kafka://', names: ['@platformatic/kafka'] }
  const [library] = await loadPackages(needed, packagePlaces(context.cwd))
  const local = parsed.servers.every(({ host }) => isLoopback(host))
  if (login?.mechanism === 'PLAIN' && !parsed.tls && !local) {
    context.log.warn('KAFKA_PASSWORD is sent in plain text; use kafkas:// to keep it secret')
  }
  const client = new KafkaClient(library as typeof Kafka, parsed, login)
  const output = new KafkaOutput(parsed, client, context, timing)
  await output.start()
  return output
}

class KafkaOutput implements Output {
  readonly needs = 'line'
  readonly #target: KafkaTarget
  readonly #client: KafkaClient
  readonly #context: OutputContext
  readonly #queue: SendQueue<StreamMessage>

  constructor(
    target: KafkaTarget,
    client: KafkaClient,
    context: OutputContext,
    timing: BackoffOptions,
  ) {
    this.#target = target
    this.#client = client
    this.#context = context
    this.#queue = createRemoteQueue<StreamMessage>(context, {
      name: target.name,
      timing,
      deliver: isolateRefused(({ items }) =>
        items.length > 0 ? client.send(items) : this.#connect(),
      ),
      batch: BATCH,
      budget: new ByteBudget(BUDGET_BYTES),
    })
  }

  /** Looks whether messages could be sent. */
  async start(): Promise<void> {
    const { name } = this.#target
    const { graceOver } = this.#context
    const fault = await firstTry({ name, graceOver }, () => this.#connect())
    if (fault === undefined) return
    if (isLoginRefused(fault)) {
      await this.close()
      throw new StreamError('exporter-unusable', fault.message)
    }
    this.#queue.interrupt(toStreamError(fault))
  }

  write(messages: readonly StreamMessage[]): Promise<void> {
    this.#context.counters.waiting += messages.length
    return this.#queue.write(messages)
  }

  async close(): Promise<void> {
    await this.#queue.close()
    this.#client.close()
  }

  /** Connects, and finds the topics that will be needed. */
  #connect(): Promise<void> {
    const { topics, topicsUncertain } = this.#context
    return this.#client.connect(topicsUncertain ? [] : topics)
  }
}
