import { createHash, randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { platform, tmpdir } from 'node:os'
import { join } from 'node:path'

/** What an id is derived from. It stays the same over restarts, so that the events that wait belong to it. */
export type Subscriber = {
  readonly host: string
  readonly clientId: string
  readonly entry: string
  readonly topic: string
  /** Tells two machines apart, which then each get everything. */
  readonly instance: string
  /** `check` must take no events from a collector. */
  readonly use?: 'check'
}

/** An id in the form of a UUID of version 4. */
export function subscriberId(subscriber: Subscriber): string {
  const { host, clientId, entry, topic, instance, use = 'stream' } = subscriber
  const parts = JSON.stringify([host, clientId, entry, topic, instance, use])
  const bytes = createHash('sha256').update(parts).digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** An id in use. */
type HeldId = {
  readonly id: string
  /** Whether another process has the derived one. */
  readonly isFresh: boolean
  release(): void
}

type Holding = { readonly server: Server; count: number }

/** The ids that this process uses. Another process of this machine sees that they are taken. */
export class SubscriberIds {
  readonly #held = new Map<string, Holding>()

  /** Holds an id; where another process has it, a fresh one. */
  async hold(id: string): Promise<HeldId> {
    const known = this.#held.get(id)
    if (known) {
      // An entry that has changed begins before the old one has ended.
      known.count++
      return { id, isFresh: false, release: () => this.#release(id) }
    }
    const server = await listen(id)
    if (!server) return { id: randomUUID(), isFresh: true, release: () => {} }
    this.#held.set(id, { server, count: 1 })
    return { id, isFresh: false, release: () => this.#release(id) }
  }

  #release(id: string): void {
    const holding = this.#held.get(id)
    if (!holding) return
    holding.count--
    if (holding.count > 0) return
    this.#held.delete(id)
    holding.server.close()
  }
}

/** Abstract sockets of Linux go with their process; elsewhere a file stays after a crash. */
function addressOf(id: string): { readonly path: string; readonly isFile: boolean } {
  if (platform() === 'linux') return { path: `\0aruba-stream/${id}`, isFile: false }
  return { path: join(tmpdir(), `aruba-stream-${id}.sock`), isFile: true }
}

/** @returns undefined where another process has the id */
async function listen(id: string): Promise<Server | undefined> {
  const { path, isFile } = addressOf(id)
  const server = await tryListen(path)
  if (server || !isFile || (await isAnswered(path))) return server
  await rm(path, { force: true })
  return tryListen(path)
}

function tryListen(path: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', () => resolve(undefined))
    server.listen(path, () => {
      server.unref()
      resolve(server)
    })
  })
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
