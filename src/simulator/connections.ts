import type { Socket } from 'node:net'

/** The TCP connections of a server. */
export class Connections {
  readonly #open = new Map<string, Socket>()
  #accepted = 0

  /** Connections accepted so far. */
  get accepted(): number {
    return this.#accepted
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#open.size
  }

  add(tcp: Socket): void {
    const address = addressOf(tcp)
    this.#accepted += 1
    this.#open.set(address, tcp)
    // Resets and cut connections are what this server is for.
    tcp.on('error', () => {})
    tcp.on('close', () => this.#open.delete(address))
  }

  /** The TCP connection beneath a stream, which is the stream itself unless there is TLS. */
  beneath(stream: Socket): Socket {
    return this.#open.get(addressOf(stream)) ?? stream
  }

  destroyAll(): void {
    for (const tcp of this.#open.values()) tcp.destroy()
  }
}

/** Names a connection by its client, which is the same with and without TLS around it. */
function addressOf(socket: Socket): string {
  return `${socket.remoteAddress}|${socket.remotePort}`
}

/** Counts what is under way. */
export class Pending {
  #now = 0
  #peak = 0

  get now(): number {
    return this.#now
  }

  /** The most at one time. */
  get peak(): number {
    return this.#peak
  }

  /** @returns ends this one; a second call does nothing */
  begin(): () => void {
    this.#now += 1
    this.#peak = Math.max(this.#peak, this.#now)
    let under = true
    return () => {
      if (under) this.#now -= 1
      under = false
    }
  }
}
