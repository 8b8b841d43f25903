import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'

/** An HTTP server, with or without TLS, that knows its TCP connections. */
export class Listener {
  readonly server: Server
  /** Connections accepted so far. */
  accepted = 0
  readonly #connections = new Map<string, Socket>()
  readonly #scheme: 'http' | 'https'
  #address: AddressInfo = { address: '', family: '', port: 0 }

  /** @param tls certificate and its key, PEM */
  constructor(tls: { readonly key: string; readonly cert: string } | undefined) {
    this.#scheme = tls ? 'https' : 'http'
    this.server = tls ? createTlsServer({ ...tls }) : createServer()
    this.server.on('connection', (tcp) => this.#add(tcp))
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

  /** Connections that are open now. */
  get open(): number {
    return this.#connections.size
  }

  /** The TCP connection below a stream; without TLS it is the stream itself. */
  beneath(stream: Socket): Socket {
    return this.#connections.get(clientOf(stream)) ?? stream
  }

  /** Cuts every connection and stops listening. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve))
    for (const tcp of this.#connections.values()) tcp.destroy()
    await closed
  }

  #add(tcp: Socket): void {
    const client = clientOf(tcp)
    this.accepted += 1
    this.#connections.set(client, tcp)
    // Resets and cut connections are the purpose of this server.
    tcp.on('error', () => {})
    tcp.on('close', () => this.#connections.delete(client))
  }
}

/** The client's address, which is the same with and without TLS. */
function clientOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress}|${remotePort}`
}
