import type * as Kafka from '@platformatic/kafka'
import { ByteBudget } from '../delivery/byte-budget.js'
import { isolateRefused } from '../delivery/isolate-refused.js'
import type { SendQueue } from '../delivery/send-queue.js'
import { StreamError } from '../errors.js'
import { isLoopback } from '../net/host.js'
import { redactUrl } from '../net/redact.js'
import { loadPackages, packagePlaces } from '../packages.js'
import { Secret } from '../secret.js'
import type { StreamMessage } from '../service.js'
import { readServers } from './export-type.js'
import { KafkaClient } from './kafka-client.js'
import { isLoginRefused } from './kafka-errors.js'
import type { Output, OutputContext } from './output.js'
import { createRemoteQueue, startRemote } from './remote.js'

/** `kafka://HOST:9092[,HOST…]/PREFIX`, read. */
export type KafkaTarget = {
  /** Brokers that are asked for the others. */
  readonly servers: readonly { readonly host: string; readonly port: number }[]
  /** Stands before every topic. */
  readonly prefix: string
  readonly tls: boolean
  /** `HOST:PORT` of each, as the tools of Kafka take them. */
  readonly brokers: string
  /** The target as messages name it. */
  readonly name: string
}

export type KafkaLogin = {
  readonly mechanism: (typeof MECHANISMS)[number]
  readonly username: string
  readonly password: Secret
}

const FORM = {
  expected:
    '--export_data: expected kafka://HOST:9092/TOPIC_PREFIX, or kafkas:// for TLS, several hosts with commas',
  login: 'KAFKA_USERNAME and KAFKA_PASSWORD',
  defaultPort: 9092,
}
/** Kafka allows 249 characters for a topic; `.` and the longest topic of Central stand behind. */
const MAX_PREFIX = 200
const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const

/** @throws StreamError `exporter-unusable` or `usage`; a login is never quoted */
export function parseKafkaTarget(type: string): KafkaTarget {
  const { scheme, servers, prefix, wrong } = readServers(type, {}, FORM)
  if (prefix.length > MAX_PREFIX) throw wrong(`the prefix has more than ${MAX_PREFIX} characters`)
  return {
    servers: servers.map(({ hostname, port }) => ({
      host: hostname.replace(/^\[|\]$/g, ''),
      port,
    })),
    prefix,
    tls: scheme === 'kafkas',
    brokers: servers.map(({ hostname, port }) => `${hostname}:${port}`).join(),
    name: redactUrl(type),
  }
}

/**
 * The login that the environment holds, if any.
 * @throws StreamError `exporter-unusable` where it is incomplete
 */
export function readKafkaLogin(
  env: Readonly<Record<string, string | undefined>>,
): KafkaLogin | undefined {
  const {
    KAFKA_SASL_MECHANISM: given = '',
    KAFKA_USERNAME: username = '',
    KAFKA_PASSWORD: password = '',
  } = env
  if (given === '' && username === '' && password === '') return undefined
  const mechanism = MECHANISMS.find((each) => each === (given.toUpperCase() || 'PLAIN'))
  if (mechanism === undefined) {
    // Not quoted: somebody may have set the password there.
    throw new StreamError(
      'exporter-unusable',
      `KAFKA_SASL_MECHANISM: expected one of ${MECHANISMS.join(', ')}`,
    )
  }
  const missing = username === '' ? 'KAFKA_USERNAME' : password === '' ? 'KAFKA_PASSWORD' : ''
  if (missing !== '') {
    throw new StreamError(
      'exporter-unusable',
      `${missing} is not set: a login needs KAFKA_USERNAME and KAFKA_PASSWORD`,
    )
  }
  return { mechanism, username, password: new Secret(password) }
}

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
export async function openKafka(target: string, context: OutputContext): Promise<Output> {
  const parsed = parseKafkaTarget(target)
  const login = readKafkaLogin(context.env)
  const needed = { type: 'kafka://', names: ['@platformatic/kafka'] }
  const [library] = await loadPackages(needed, packagePlaces(context.cwd))
  const local = parsed.servers.every(({ host }) => isLoopback(host))
  if (login?.mechanism === 'PLAIN' && !parsed.tls && !local) {
    context.log.warn('KAFKA_PASSWORD is sent in plain text; use kafkas:// to keep it secret')
  }
  const client = new KafkaClient(library as typeof Kafka, parsed, login)
  const output = new KafkaOutput(parsed, client, context)
  await output.start()
  return output
}

class KafkaOutput implements Output {
  readonly needs = 'line'
  readonly #target: KafkaTarget
  readonly #client: KafkaClient
  readonly #context: OutputContext
  readonly #queue: SendQueue<StreamMessage>

  constructor(target: KafkaTarget, client: KafkaClient, context: OutputContext) {
    this.#target = target
    this.#client = client
    this.#context = context
    this.#queue = createRemoteQueue<StreamMessage>(context, {
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
    const parts = { name, graceOver, queue: this.#queue, isLoginRefused }
    await startRemote(this, parts, () => this.#connect())
  }

  write(messages: readonly StreamMessage[]): Promise<void> {
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
