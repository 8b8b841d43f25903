import { createHash } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { listen } from './tcp-server.js'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** A server that does nothing by itself but answer the handshake. */
type WebSocketServer = {
  readonly url: string
  /** Of the last handshake. */
  readonly socket: Socket | undefined
  /** Bytes that came after the handshake. */
  readonly received: number
  /** Whether the client has ended its side of TCP. */
  readonly ended: boolean
}

/**
 * Starts a server whose client gets what the test writes, byte by byte; it is closed when the test ends.
 * @param answer the answer to a handshake; default: a proper 101
 */
export async function startWebSocketServer(
  t: TestContext,
  answer: (accept: string) => string = (accept) =>
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
): Promise<WebSocketServer> {
  const sockets: Socket[] = []
  let received = 0
  let ended = false
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    socket.on('end', () => {
      ended = true
    })
    let head = ''
    socket.on('data', (chunk) => {
      if (head.endsWith('\r\n\r\n')) {
        received += chunk.length
        return
      }
      head += chunk.toString('latin1')
      if (!head.endsWith('\r\n\r\n')) return
      const key = /^sec-websocket-key: (.*)$/im.exec(head)?.[1]?.trim() ?? ''
      socket.write(
        answer(
          createHash('sha1')
            .update(key + GUID)
            .digest('base64'),
        ),
      )
    })
  })
  return {
    url: `http://127.0.0.1:${await listen(t, server)}`,
    get socket() {
      return sockets.at(-1)
    },
    get received() {
      return received
    },
    get ended() {
      return ended
    },
  }
}
