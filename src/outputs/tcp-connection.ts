import net from 'node:net'
import tls from 'node:tls'
import { StreamError } from '../errors.js'
import { networkError } from '../net/network-error.js'
import { redactUrl } from '../net/redact.js'
import { ROWS, readType } from './export-type.js'

const CONNECT_MS = 10_000
const KEEPALIVE_MS = 30_000 // half of what common NAT tables keep an idle mapping
const FINISH_MS = 5_000 // for a receiver that never closes its side

/** Where lines are sent. */
export type TcpAddress = {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  /** The target as messages name it. */
  readonly name: string
  /** Whether rows are sent in place of records. */
  readonly rows: boolean
}

/** @throws StreamError `exporter-unusable` or `usage`; a login is never quoted */
export function parseTcpTarget(type: string): TcpAddress {
  const wrong = (why: string) =>
    new StreamError(
      'exporter-unusable',
      `--export_data: expected tcp://HOST:PORT or tls://HOST:PORT; ${why}`,
    )
  if (type.includes('@')) throw wrong('a user or password has no meaning here')
  const { target, options } = readType(type, ROWS)
  let url: URL
  try {
    url = new URL(target)
  } catch {
    throw wrong(`got ${JSON.stringify(redactUrl(target))}`)
  }
  const bare = (url.pathname === '' || url.pathname === '/') && url.hash === ''
  if (!/^(tcp|tls):$/.test(url.protocol) || url.hostname === '' || !Number(url.port) || !bare) {
    throw wrong(`got ${JSON.stringify(redactUrl(target))}`)
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port),
    tls: url.protocol === 'tls:',
    name: `${url.protocol}//${url.host}`,
    rows: options.rows ?? false,
  }
}

/** How a connection ended; only where the other side closed it, too, that was in order. */
type TcpEnd = 'closed' | 'broken' | 'unanswered'

/** One TCP or TLS connection that is written to; what the other side sends is read and dropped. */
export class TcpConnection {
  readonly #socket: net.Socket
  readonly #name: string
  #error: Error | undefined

  private constructor(socket: net.Socket, name: string) {
    this.#socket = socket
    this.#name = name
  }

  /**
   * @param signal ends the attempt, not the connection
   * @param onLost called once, when the connection has ended for any reason
   * @throws StreamError `unreachable`, `timed-out` or `certificate-untrusted`
   */
  static open(
    address: TcpAddress,
    signal: AbortSignal,
    onLost: (connection: TcpConnection) => void,
  ): Promise<TcpConnection> {
    const { host, port, name } = address
    return new Promise((resolve, reject) => {
      const socket = address.tls
        ? tls.connect({ host, port, ...(net.isIP(host) ? {} : { servername: host }) })
        : net.connect({ host, port })
      const connection = new TcpConnection(socket, name)
      const tooLong = () =>
        socket.destroy(
          new StreamError('timed-out', `${name}: no connection within ${CONNECT_MS / 1000} s`),
        )
      const timer = setTimeout(tooLong, CONNECT_MS)
      const abort = () => socket.destroy()
      const settle = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', abort)
      }
      signal.addEventListener('abort', abort)
      socket
        .setNoDelay(true)
        .setKeepAlive(true, KEEPALIVE_MS)
        .on('error', (error) => {
          connection.#error = error
        })
        .on('close', () => {
          settle()
          reject(connection.failure())
          onLost(connection)
        })
        .once(address.tls ? 'secureConnect' : 'connect', () => {
          settle()
          resolve(connection)
        })
        .resume() // unread data would hide the other side's end
    })
  }

  get lost(): boolean {
    return this.#socket.destroyed
  }

  /** Why the connection ended. */
  failure(): StreamError {
    if (this.#error instanceof StreamError) return this.#error
    if (this.#error) return networkError(this.#error, this.#name)
    return new StreamError('connection-lost', `${this.#name}: the other side closed the connection`)
  }

  /** Whether the operating system took all the bytes. */
  write(bytes: Uint8Array): Promise<boolean> {
    return new Promise((resolve) => {
      this.#socket.write(bytes, (error) => resolve(!error))
    })
  }

  /** Says that no more will come and waits for the other side to say the same, at most 5 s. */
  finish(): Promise<TcpEnd> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#socket.destroy()
      }, FINISH_MS)
      this.#socket.once('close', () => {
        clearTimeout(timer)
        resolve(this.#error ? 'broken' : this.#socket.readableEnded ? 'closed' : 'unanswered')
      })
      this.#socket.end()
    })
  }

  destroy(): void {
    this.#socket.destroy()
  }
}
