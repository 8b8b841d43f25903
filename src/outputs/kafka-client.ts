import { isIP, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type * as Kafka from '@platformatic/kafka'
import type { AnyTopic, StreamMessage } from '../service.js'
import type { KafkaLogin, KafkaTarget } from './kafka.js'
import { kafkaFault, noLeader } from './kafka-errors.js'
import { messageId } from './output.js'
import { AnswerLimit } from './remote.js'

const CONNECT_MS = 5_000
/** How long the leader waits for its replicas: as long as a broker lets one lag behind. */
const REPLICAS_MS = 30_000
const REQUEST_MS = REPLICAS_MS + 10_000
const KEEPALIVE_MS = 30_000 // half of what common NAT tables keep an idle mapping
/** After that, brokers are asked where the topics are: partitions may have been added. */
const METADATA_MS = 60_000
/** A topic that the broker makes by itself, and a new leader, are there within this. */
const SETTLE = { tries: 8, delayMs: 250 }
/** Fast to pack, and every consumer reads it. */
const COMPRESSION = 'lz4'

const HEADER = {
  customer: Buffer.from('customer'),
  topic: Buffer.from('topic'),
  id: Buffer.from('id'),
}

/**
 * Sends records as an idempotent producer. One call at a time: the library gives the next number when the
 * last request is answered, and a broker drops what comes under a number that it has. So after an error
 * the same messages are sent again before any others, or a new session begins.
 */
export class KafkaClient {
  readonly #library: typeof Kafka
  readonly #target: KafkaTarget
  readonly #login: KafkaLogin | undefined
  readonly #producer: Kafka.Producer
  /** Whether the broker has given an id, under which it knows repeats. */
  #inSession = false
  /** How many partitions a topic has. It stays while messages are sent again: so each goes where it went. */
  readonly #partitions = new Map<string, number>()
  #unsettled = false

  readonly #limit = new AnswerLimit(() => this.#sockets())

  constructor(library: typeof Kafka, target: KafkaTarget, login: KafkaLogin | undefined) {
    this.#library = library
    this.#target = target
    this.#login = login
    this.#producer = this.#createProducer()
  }

  /**
   * Connects, and finds `PREFIX.<topic>`, or lets the broker make it.
   * @throws StreamError that can be retried
   */
  async connect(topics: readonly AnyTopic[]): Promise<void> {
    await this.#settle(undefined, () => this.#beginSession())
    for (const topic of topics) {
      const name = this.#topicOf(topic)
      await this.#settle(name, () => this.#locate(name))
    }
  }

  /**
   * Sends messages, in one request to each broker that leads a partition.
   * @throws StreamError `export-failed` where a message is too large, else one that can be retried
   */
  async send(messages: readonly StreamMessage[]): Promise<void> {
    const own = [...new Set(messages.map(({ topic }) => topic))]
    await this.connect(own)
    const topics = own.map((topic) => this.#topicOf(topic))
    for (const topic of topics) {
      if (this.#hasLeaders(topic)) continue
      this.#producer.clearMetadata()
      throw noLeader(this.#place(topic))
    }
    try {
      // From here to the request nothing is waited for, so that leaders stay those that were checked.
      await this.#producer.send({ messages: messages.map((each) => this.#recordOf(each)) })
      this.#limit.answered()
      this.#unsettled = false
    } catch (error) {
      const [only] = topics.length === 1 ? topics : []
      const fault = kafkaFault(error, this.#place(only))
      this.#unsettled = true
      this.#producer.clearMetadata()
      // Other messages may be next, where one of these is too large.
      this.#inSession &&= fault.sameSession === true
      if (fault.error.code === 'timed-out') this.#disconnect()
      throw fault.error
    }
  }

  close(): void {
    this.#limit.close()
    this.#disconnect()
    this.#producer.close(true, () => {})
  }

  *#sockets(): Generator<Socket> {
    for (const [, { socket }] of this.#producer.connections) if (socket) yield socket
  }

  /** Cuts all connections: one that is half open would not end for minutes. */
  #disconnect(): void {
    for (const [, connection] of this.#producer.connections) {
      // An attempt that is only cut would wait for its time-out.
      const reason = connection.isConnected() ? undefined : new Error('closed')
      connection.socket?.destroy(reason)
    }
  }

  async #beginSession(): Promise<void> {
    if (this.#inSession) return
    await this.#producer.initIdempotentProducer({})
    this.#inSession = true
    this.#unsettled = false
  }

  #topicOf(topic: string): string {
    return `${this.#target.prefix}.${topic}`
  }

  #place(topic: string | undefined) {
    const worked = this.#producer.producerId !== undefined
    const { exceeded: flooded } = this.#limit
    const { name, brokers } = this.#target
    return { name, brokers, topic, login: this.#login, worked, flooded }
  }

  /** Does what a topic, a leader or a broker that has just started may need some tries for. */
  async #settle(topic: string | undefined, work: () => Promise<void>): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        await work()
        this.#limit.answered()
        return
      } catch (thrown) {
        const { error, settling } = kafkaFault(thrown, this.#place(topic))
        if (error.code === 'timed-out') this.#disconnect()
        if (!settling || tries === SETTLE.tries) throw error
      }
      await sleep(SETTLE.delayMs)
    }
  }

  /** Asks for the partitions of a topic and their leaders. */
  async #locate(topic: string): Promise<void> {
    const { topics } = await this.#producer.metadata({
      topics: [topic],
      // Fresher than what is good enough while the library sends: then it does not ask again.
      metadataMaxAge: METADATA_MS / 2,
    })
    if (!this.#unsettled) this.#partitions.set(topic, topics.get(topic)?.partitionsCount ?? 1)
  }

  /** Whether the library knows the leader of each partition; without one, it ends the program. */
  #hasLeaders(topic: string): boolean {
    const { topics, brokers } = this.#producer.currentMetadata ?? {}
    const { partitions = [] } = topics?.get(topic) ?? {}
    return partitions.length > 0 && partitions.every(({ leader }) => brokers?.has(leader))
  }

  #recordOf(message: StreamMessage) {
    const { customer, topic, line } = message
    const name = this.#topicOf(topic)
    const key = Buffer.from(customer)
    // As Kafka's own clients choose the partition.
    const hash = this.#library.compatibilityPartitioner({ topic: name, value: key }, key)
    return {
      topic: name,
      partition: hash % (this.#partitions.get(name) ?? 1),
      key,
      value: Buffer.from(line.buffer, line.byteOffset, line.length - 1),
      headers: new Map([
        [HEADER.customer, key],
        [HEADER.topic, Buffer.from(topic)],
        [HEADER.id, Buffer.from(messageId(message))],
      ]),
    }
  }

  #createProducer(): Kafka.Producer {
    const { servers, tls } = this.#target
    const login = this.#login
    const producer = new this.#library.Producer({
      clientId: 'aruba-stream',
      bootstrapBrokers: [...servers],
      idempotent: true,
      acks: -1,
      compression: COMPRESSION,
      autocreateTopics: true,
      // Retried by the send queue, which logs it.
      retries: false,
      repeatOnStaleMetadata: false,
      connectTimeout: CONNECT_MS,
      requestTimeout: REQUEST_MS,
      timeout: REPLICAS_MS,
      metadataMaxAge: METADATA_MS,
      ...(tls && { tls: {}, tlsServerName: servers.every(({ host }) => isIP(host) === 0) }),
      ...(login && {
        sasl: {
          mechanism: login.mechanism,
          username: login.username,
          password: login.password.reveal(),
        },
      }),
    })
    producer.on('client:broker:connect', ({ connection }) => {
      connection.socket.setKeepAlive(true, KEEPALIVE_MS)
    })
    return producer
  }
}
