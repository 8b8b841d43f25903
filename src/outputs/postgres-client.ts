import { Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import type Pg from 'pg'
import { untilAborted } from '../clock.js'
import { StreamError } from '../errors.js'
import { loadPackages } from '../packages.js'
import type { PostgresTarget } from './postgres-target.js'
import { AnswerLimit } from './remote.js'

export type PostgresLibrary = typeof Pg

const CONNECT_MS = 10_000
const QUERY_MS = 90_000 // a server may write to a slow disk for a minute, or have its table locked
const KEEPALIVE_MS = 30_000
/** What a server takes for the wish to end another connection's query. */
const CANCEL_CODE = 80_877_102

/** @throws StreamError `exporter-unusable` where the package `pg` is not installed */
export async function loadPostgres(places: readonly string[]): Promise<PostgresLibrary> {
  const [loaded] = await loadPackages({ type: 'postgres://', names: ['pg'] }, places)
  return (loaded as { readonly default: PostgresLibrary }).default
}

type ConnectOptions = {
  readonly library: PostgresLibrary
  readonly target: PostgresTarget
  readonly tls: readonly (ConnectionOptions | false)[]
  /** Asked for when the server wants one. `plainText`: all that is sent can be read on the way. */
  readonly password: (plainText: boolean) => Promise<string>
  readonly signal: AbortSignal
}

/** One connection to the server. It is not used any more after a fault. */
export class PostgresConnection {
  readonly #client: Pg.Client
  readonly #socket: Socket
  readonly #target: PostgresTarget
  readonly #limit: AnswerLimit
  #lost = false

  private constructor(client: Pg.Client, socket: Socket, options: ConnectOptions) {
    this.#client = client
    this.#socket = socket
    this.#target = options.target
    this.#limit = new AnswerLimit(() => [this.#stream])
    client.on('error', () => this.#onEnd())
    client.on('end', () => this.#onEnd())
  }

  /** @throws what the library, the system or the server says */
  static async open(options: ConnectOptions): Promise<PostgresConnection> {
    const { library, target, tls, password, signal } = options
    const { host, port, database, user } = target
    for (const [at, ssl] of tls.entries()) {
      const socket = new Socket()
      const client: Pg.Client = new library.Client({
        ...{ host, port, database, user, ssl },
        password: () => password(connection.plainText),
        application_name: 'aruba-stream',
        connectionTimeoutMillis: CONNECT_MS,
        keepAlive: true,
        keepAliveInitialDelayMillis: KEEPALIVE_MS,
        stream: () => socket,
      })
      const connection: PostgresConnection = new PostgresConnection(client, socket, options)
      try {
        await untilAborted(client.connect(), signal)
        return connection
      } catch (error) {
        connection.destroy()
        if (at === tls.length - 1 || !isWithoutTls(error)) throw error
      }
    }
    throw new Error('there is no way to connect')
  }

  get lost(): boolean {
    return this.#lost
  }

  /** Whether all that is sent can be read on the way. */
  get plainText(): boolean {
    return !('encrypted' in this.#stream)
  }

  /** The socket, or the one of TLS on top of it. */
  get #stream(): Socket {
    return (this.#client as unknown as WithInternals).connection.stream
  }

  /**
   * @throws what the server says; StreamError `timed-out` where it does not answer in time, and then the
   *   server is asked to end the query: it would go on with it, and keep the connection
   */
  async query(text: string, values: readonly unknown[], signal: AbortSignal): Promise<void> {
    const late = new AbortController()
    const timer = setTimeout(() => late.abort(), QUERY_MS)
    try {
      // One signal inside the other: a joined signal for each query would pile up on a long-lived one.
      const answer = untilAborted(this.#client.query(text, [...values]), signal)
      await untilAborted(answer, late.signal)
      this.#limit.answered()
    } catch (error) {
      if (!late.signal.aborted) throw error
      this.#cancel()
      throw new StreamError('timed-out', `no answer within ${QUERY_MS / 1000} s`)
    } finally {
      clearTimeout(timer)
    }
  }

  /** Says goodbye where the server listens. */
  async close(): Promise<void> {
    const ended = this.#client.end().catch(() => {})
    await untilAborted(ended, AbortSignal.timeout(1000)).catch(() => {})
    this.destroy()
  }

  destroy(): void {
    this.#onEnd()
    this.#socket.destroy()
  }

  #onEnd(): void {
    this.#lost = true
    this.#limit.close()
  }

  #cancel(): void {
    const { processID, secretKey } = this.#client as unknown as WithInternals
    const packet = Buffer.alloc(16)
    for (const [at, value] of [packet.length, CANCEL_CODE, processID, secretKey].entries()) {
      packet.writeInt32BE(value | 0, 4 * at)
    }
    const { host, port } = this.#target
    const socket = new Socket().on('error', () => {})
    socket.setTimeout(CONNECT_MS, () => socket.destroy())
    socket.connect(port, host, () => socket.end(packet))
  }
}

/** What the library has and does not describe. */
type WithInternals = {
  readonly processID: number
  readonly secretKey: number
  readonly connection: { readonly stream: Socket }
}

export function isWithoutTls(error: unknown): boolean {
  return error instanceof Error && error.message.includes('does not support SSL')
}
