import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'

/** An HTTP server, with or without TLS, that knows its TCP connections. */
export class Listener {
  readonly connections = new Connections()
  readonly server: Server
  readonly #scheme: 'http' | 'https'
  #address: AddressInfo = { address: '', family: '', port: 0 }

  /** @param tls certificate and its key, PEM */
  constructor(tls: { readonly key: string; readonly cert: string } | undefined) {
    this.#scheme = tls ? 'https' : 'http'
    this.server = tls ? createTlsServer({ ...tls }) : createServer()
    this.server.on('connection', (tcp) => this.connections.add(tcp))
    // A client that distrusts the certificate ends the connection during the TLS handshake.
    this.server.on('tlsClientError', () => {})
  }

  /** @returns when connections are accepted */
  async listen(port: number, host: string): Promise<void> {
    // A thousand clients may connect at once.
    this.server.listen({ port, host, backlog: 4096 })
    await once(this.server, 'listening')
    this.#address = this.server.address() as AddressInfo
  }

  get port(): number {
    return this.#address.port
  }

  get url(): string {
    const { address, family, port } = this.#address
    return `${this.#scheme}://${family === 'IPv6' ? `[${address}]` : address}:${port}`
  }

  /** Cuts every connection and stops listening. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve))
    this.connections.destroyAll()
    await closed
  }
}

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
    // Resets and cut connections are the purpose of this server.
    tcp.on('error', () => {})
    tcp.on('close', () => this.#open.delete(address))
  }

  /** The TCP connection below a stream; without TLS it is the stream itself. */
  beneath(stream: Socket): Socket {
    return this.#open.get(addressOf(stream)) ?? stream
  }

  destroyAll(): void {
    for (const tcp of this.#open.values()) tcp.destroy()
  }
}

/** Names a connection by the client's address, which is the same with and without TLS. */
function addressOf(socket: Socket): string {
  return `${socket.remoteAddress}|${socket.remotePort}`
}
