import { ByteBudget } from '../delivery/byte-budget.js'
import { isolateRefused, type Part } from '../delivery/isolate-refused.js'
import type { SendQueue } from '../delivery/send-queue.js'
import { isLoopback } from '../net/host.js'
import { packagePlaces } from '../packages.js'
import { Secret } from '../secret.js'
import type { StreamMessage } from '../service.js'
import type { Output, OutputContext } from './output.js'
import { loadPostgres, PostgresConnection, type PostgresLibrary } from './postgres-client.js'
import {
  createTableSql,
  insertSql,
  isLoginRefused,
  isMadeByOthers,
  isTableMissing,
  passwordMissing,
  postgresFault,
  rowsOf,
} from './postgres-sql.js'
import { type PostgresTarget, parsePostgresTarget, readPassword, tlsOf } from './postgres-target.js'
import { createRemoteQueue, startRemote } from './remote.js'

const BATCH = { maxCount: 1_000, maxBytes: 1_048_576, maxAgeMs: 100 }
/** One batch on its way and the next ones being filled. */
const BUDGET_BYTES = 4 * BATCH.maxBytes

/**
 * `postgres://[USER@]HOST[:PORT]/DATABASE[?table=NAME]`: one row for each record, delivered when it is
 * committed. Repeats have the same id and are kept out. A server that cannot be reached yet is waited for.
 * @throws StreamError `exporter-unusable` where package or address are wrong, or the server refuses the
 *   login at its first answer
 */
export async function openPostgres(target: string, context: OutputContext): Promise<Output> {
  const parsed = parsePostgresTarget(target, context.env)
  const library = await loadPostgres(packagePlaces(context.cwd))
  const output = new PostgresOutput(parsed, library, context)
  await output.start()
  return output
}

class PostgresOutput implements Output {
  readonly needs = 'line'
  readonly #target: PostgresTarget
  readonly #library: PostgresLibrary
  readonly #context: OutputContext
  readonly #tls: ReturnType<typeof tlsOf>
  readonly #queue: SendQueue<StreamMessage>
  readonly #sql: { readonly insert: string; readonly createTable: string }
  #connection: PostgresConnection | undefined
  /** The password that was sent last, which no message may show. */
  #secrets: readonly Secret[] = []
  #warnedPlain = false

  constructor(target: PostgresTarget, library: PostgresLibrary, context: OutputContext) {
    const { env } = context
    this.#target = target
    this.#library = library
    this.#context = context
    this.#tls = tlsOf(env)
    this.#sql = { insert: insertSql(target.table), createTable: createTableSql(target.table) }
    this.#queue = createRemoteQueue<StreamMessage>(context, {
      deliver: isolateRefused((part, signal) => this.#send(part, signal)),
      batch: BATCH,
      budget: new ByteBudget(BUDGET_BYTES),
    })
  }

  /** Connects, and looks whether the table takes rows, by inserting none. */
  async start(): Promise<void> {
    await readPassword(this.#target, this.#context)
    const { name } = this.#target
    const { graceOver, log, readable } = this.#context
    if (!readable) {
      log.info('addresses are stored as base64; the views in examples/views.sql need --readable')
    }
    const parts = { name, graceOver, queue: this.#queue, isLoginRefused }
    const nothing = { items: [], lines: [] }
    await startRemote(this, parts, (signal) => this.#send(nothing, signal))
  }

  write(messages: readonly StreamMessage[]): Promise<void> {
    return this.#queue.write(messages)
  }

  async close(): Promise<void> {
    await this.#queue.close()
    await this.#connection?.close()
  }

  async #send({ items, lines }: Part<StreamMessage>, signal: AbortSignal): Promise<void> {
    try {
      const connection = await this.#connected(signal)
      const rows = rowsOf(items, lines)
      await connection.query(this.#sql.insert, rows, signal).catch(async (error: unknown) => {
        if (!isTableMissing(error)) throw error
        await this.#createTable(connection, signal)
        await connection.query(this.#sql.insert, rows, signal)
      })
    } catch (thrown) {
      const error = postgresFault(thrown, this.#target, this.#secrets)
      // A new connection may lead to another server, such as the one that took over.
      if (error.retry) this.#disconnect()
      throw error
    }
  }

  async #connected(signal: AbortSignal): Promise<PostgresConnection> {
    if (this.#connection && !this.#connection.lost) return this.#connection
    const target = this.#target
    this.#connection = await PostgresConnection.open({
      target,
      library: this.#library,
      tls: this.#tls,
      signal,
      password: async (plainText) => {
        this.#warnIfPlain(plainText)
        const password = await readPassword(target, this.#context)
        if (password === undefined) throw passwordMissing(target)
        this.#secrets = [new Secret(password)]
        return password
      },
    })
    this.#warnIfPlain(this.#connection.plainText)
    return this.#connection
  }

  async #createTable(connection: PostgresConnection, signal: AbortSignal): Promise<void> {
    const { table } = this.#target
    try {
      await connection.query(this.#sql.createTable, [], signal)
      this.#context.log.info(`made the table ${table}`)
    } catch (error) {
      if (!isMadeByOthers(error)) throw error
    }
  }

  #warnIfPlain(plainText: boolean): void {
    if (this.#warnedPlain || !plainText || isLoopback(this.#target.host)) return
    this.#warnedPlain = true
    const advice = 'PGSSLMODE=verify-full asks for TLS and verifies the certificate'
    this.#context.log.warn(`messages are sent in plain text; ${advice}`)
  }

  #disconnect(): void {
    this.#connection?.destroy()
    this.#connection = undefined
  }
}
