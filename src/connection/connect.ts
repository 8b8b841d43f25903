import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { refusal } from '../classic/refusal.js'
import type { Clock } from '../clock.js'
import { StreamError } from '../errors.js'
import { readBody } from '../net/http.js'
import { connectionLost, protocolError } from './ending.js'
import { type Heartbeat, startHeartbeat } from './heartbeat.js'
import { type HandshakeOptions, openSocket } from './open-socket.js'

/** DNS, TCP, proxy, TLS and the answer to the upgrade, all together. */
const HANDSHAKE_MS = 10_000

/** An open socket, whose reading can be held and taken up again. */
export type Connection = {
  /** At most what one read of the socket held still comes. */
  pause(): void
  resume(): void
}

export type ConnectOptions = HandshakeOptions & {
  readonly clock: Clock
  /** Gives a handshake up; ends an open connection with code 1000, without reading any further. */
  readonly signal: AbortSignal
  /** Called before the first frame. */
  readonly onOpen: (connection: Connection) => void
  readonly onFrame: (bytes: Uint8Array, text: boolean) => void
}

/**
 * The life of one WebSocket, from the handshake to its end.
 * @returns why it ended, once its socket is gone. The code of a close frame is in `status`.
 * @throws StreamError where there was nothing to begin a handshake with: see {@link openSocket}
 */
export async function connect(options: ConnectOptions): Promise<StreamError> {
  const { topic, key, clock, signal, onOpen, onFrame } = options
  const { url, socket, watch, cut } = await openSocket(options)
  let cause: StreamError | undefined
  let heartbeat: Heartbeat | undefined
  /** The socket beneath. */
  let stream: Socket | undefined
  let networkCode: string | undefined
  let wanted = true

  const end = (why: StreamError) => {
    cause ??= why
    cut()
  }
  let giveUp = () => end(watch.timedOut(HANDSHAKE_MS))
  const timer = clock.setTimeout(() => giveUp(), HANDSHAKE_MS)

  const onAbort = () => {
    if (socket.readyState === socket.CONNECTING) {
      end(new StreamError('connection-lost', `the handshake with ${url.host} was given up`))
      return
    }
    // A pause leaves what one read held in a buffer: that was received, and comes now, at once. What
    // stands behind it was not, and is read for the server's answer alone.
    while (stream && stream.readableLength > 0 && stream.read() !== null);
    wanted = false
    socket.resume()
    socket.close(1000)
  }
  const alive = () => heartbeat?.alive()

  socket.on('unexpected-response', (_request, response) => {
    giveUp = readBody(response, ({ bytes }) => {
      const nowMs = clock.now()
      const byProxy = watch.refusedByProxy(response, nowMs)
      end(byProxy ?? refusal(response, bytes.toString(), { url, topic, key, nowMs }))
    })
  })
  socket.on('upgrade', (response) => {
    stream = response.socket
    stream.once('error', (error: NodeJS.ErrnoException) => {
      networkCode = error.code
    })
  })
  socket.on('open', () => {
    clock.clearTimeout(timer)
    heartbeat = startHeartbeat({
      clock,
      ping: () => socket.ping(),
      silent: () =>
        end(
          new StreamError('connection-silent', `neither frame nor pong from ${url.host} for 60 s`),
        ),
    })
    onOpen(pausable(socket, heartbeat))
  })
  socket.on('message', (data, isBinary) => {
    alive()
    if (wanted) onFrame(data as Buffer, !isBinary)
  })
  socket.on('ping', alive)
  socket.on('pong', alive)
  socket.on('error', (error) => {
    cause ??= heartbeat ? protocolError(error, url) : watch.failed(error)
  })

  return new Promise((resolve) => {
    socket.on('close', (code, reason) => {
      clock.clearTimeout(timer)
      heartbeat?.stop()
      signal.removeEventListener('abort', onAbort)
      resolve(cause ?? connectionLost({ url, code, reason: reason.toString(), networkCode, key }))
    })
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
}

function pausable(socket: WebSocket, heartbeat: Heartbeat): Connection {
  return {
    pause() {
      // While it closes, the other side's answer must be read.
      if (socket.isPaused || socket.readyState !== socket.OPEN) return
      heartbeat.pause()
      socket.pause()
    },
    resume() {
      if (!socket.isPaused) return
      heartbeat.resume()
      socket.resume()
    },
  }
}
