import type { JetStreamClient } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import type { StreamMessage } from '../classic/message.js'
import { errorText, StreamError } from '../errors.js'
import { isJetStreamMissing, type NatsLibrary } from './nats-client.js'
import { messageId } from './nats-target.js'

const ACK_MS = 10_000
/** Room for the header with the message's id, which counts as payload. */
const HEADER_BYTES = 128
/** JetStream's code for a message that is larger than its stream allows. */
const MESSAGE_TOO_LARGE = 10_054

/** Publishes to JetStream and says what became of it. */
export class NatsPublisher {
  readonly #library: NatsLibrary
  readonly #connection: NatsConnection
  readonly #client: JetStreamClient

  constructor(library: NatsLibrary, connection: NatsConnection) {
    this.#library = library
    this.#connection = connection
    this.#client = library.jetstream.jetstream(connection)
  }

  /**
   * Publishes one message, without the newline of its line.
   * @returns nothing when the stream has it, else why not: `export-failed` where another try is no use
   */
  async publish(subject: string, message: StreamMessage): Promise<StreamError | undefined> {
    const payload = message.line.subarray(0, -1)
    const maxPayload = this.#connection.info?.max_payload ?? Number.POSITIVE_INFINITY
    if (payload.length + HEADER_BYTES > maxPayload) {
      const why = `${payload.length} bytes are more than max_payload of the server, ${maxPayload}`
      return new StreamError('export-failed', `${subject}: ${why}`)
    }
    try {
      await this.#client.publish(subject, payload, { msgID: messageId(message), timeout: ACK_MS })
      return undefined
    } catch (error) {
      return this.#translate(error, subject)
    }
  }

  #translate(error: unknown, subject: string): StreamError {
    const { JetStreamApiError } = this.#library.jetstream
    const { TimeoutError } = this.#library.transport
    const said = errorText(error)
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
