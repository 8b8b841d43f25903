import type { Socket } from 'node:net'
import { type ClientOptions, WebSocket } from 'ws'
import type { Clock } from '../clock.js'
import { StreamError } from '../errors.js'
import { type Host, socketUrl } from '../host.js'
import { proxyFor } from '../proxy.js'
import { proxyAgent } from '../proxy-agent.js'
import type { Topic } from '../schema/topics.js'
import type { Secret } from '../secret.js'
import { connectionLost, protocolError } from './ending.js'
import { HandshakeWatch } from './handshake-watch.js'
import { type Heartbeat, startHeartbeat } from './heartbeat.js'
import { readBody, refusal } from './refusal.js'

/** DNS, TCP, proxy, TLS and the answer to the upgrade, all together. */
const HANDSHAKE_MS = 10_000
/** How long the server may take to answer a close frame. */
const CLOSE_MS = 1000
/** Central's messages are a few KiB; this only keeps a broken server from filling the memory. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024

/** An open socket, whose reading can be held and taken up again. */
export type Connection = {
  /** At most what one read of the socket held still comes. */
  pause(): void
  resume(): void
}

export type ConnectOptions = {
  readonly host: Host
  readonly topic: Topic
  /** Header `UserName`; left out where undefined. */
  readonly username: string | undefined
  readonly key: Secret
  readonly replayHeaders: Readonly<Record<string, string>>
  readonly userAgent: string
  readonly verifyCertificates: boolean
  readonly clock: Clock
  /** Gives a handshake up; ends an open connection with code 1000, without reading any further. */
  readonly signal: AbortSignal
  /** Called before the first frame. */
  readonly onOpen: (connection: Connection) => void
  readonly onFrame: (bytes: Uint8Array, text: boolean) => void
}

/**
 * The life of one WebSocket, from the handshake to its end.
 * @returns why it ended, once its socket is gone; never rejects. The code of a close frame is in
 *   `status`.
 */
export function connect(options: ConnectOptions): Promise<StreamError> {
  const url = new URL(socketUrl(options.host))
  // Reaches the socket to a proxy, which the request does not own before the proxy has answered.
  const handshake = new AbortController()
  try {
    const watch = new HandshakeWatch(url)
    return settle(createSocket(url, options, watch, handshake.signal), url, options, watch, () =>
      handshake.abort(),
    )
  } catch (error) {
    return Promise.resolve(error instanceof StreamError ? error : unsendable())
  }
}

function createSocket(
  url: URL,
  { topic, username, key, replayHeaders, userAgent, verifyCertificates }: ConnectOptions,
  watch: HandshakeWatch,
  signal: AbortSignal,
): WebSocket {
  const proxy = proxyFor(url.href)
  const agent = proxy && proxyAgent({ proxy, verifyCertificates, signal })
  if (agent) watch.throughProxy(agent)
  const options: ClientOptions & { closeTimeout: number } = {
    ...(agent && { agent }),
    headers: {
      ...(username !== undefined && { UserName: username }),
      Authorization: key.reveal(),
      Topic: topic,
      ...replayHeaders,
      'User-Agent': userAgent,
    },
    rejectUnauthorized: verifyCertificates,
    perMessageDeflate: false,
    followRedirects: false,
    skipUTF8Validation: true, // A text frame is kept whatever its bytes are.
    maxPayload: MAX_FRAME_BYTES,
    closeTimeout: CLOSE_MS,
    finishRequest: (request) => watch.begin(request),
  }
  return new WebSocket(url, options)
}

/** Waits for the end of a socket that was made in this very tick: no event has been missed. */
function settle(
  socket: WebSocket,
  url: URL,
  { topic, key, clock, signal, onOpen, onFrame }: ConnectOptions,
  watch: HandshakeWatch,
  abortHandshake: () => void,
): Promise<StreamError> {
  let cause: StreamError | undefined
  let heartbeat: Heartbeat | undefined
  let networkCode: string | undefined
  let stream: Socket | undefined
  let wantedBytes = Infinity

  const cut = (why: StreamError) => {
    cause ??= why
    socket.terminate()
    abortHandshake()
  }
  let giveUp = () => cut(watch.timedOut(HANDSHAKE_MS))
  const timer = clock.setTimeout(() => giveUp(), HANDSHAKE_MS)

  const onMessage = (data: unknown, isBinary: boolean) => {
    const bytes = data as Buffer
    heartbeat?.alive()
    if (wantedBytes <= 0) return
    wantedBytes -= bytes.length
    onFrame(bytes, !isBinary)
  }
  const onAbort = () => {
    if (socket.readyState === WebSocket.CONNECTING) {
      cut(new StreamError('connection-lost', `the handshake with ${url.host} was given up`))
      return
    }
    // A pause leaves what one read held in a buffer: that was received, what stands behind it was
    // not, and is read for the server's answer alone.
    wantedBytes = stream?.readableLength ?? 0
    socket.resume()
    socket.close(1000)
  }
  const alive = () => heartbeat?.alive()

  socket.on('unexpected-response', (_request, response) => {
    giveUp = readBody(response, (body) =>
      cut(
        watch.refusedByProxy() ?? refusal(response, body, { url, topic, key, nowMs: clock.now() }),
      ),
    )
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
        cut(
          new StreamError('connection-silent', `neither frame nor pong from ${url.host} for 60 s`),
        ),
    })
    onOpen(pausable(socket, heartbeat))
  })
  socket.on('message', onMessage)
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
      if (socket.isPaused) return
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

/** Node refuses such a header before it sends anything; its error is not passed on. */
function unsendable(): StreamError {
  return new StreamError(
    'input-invalid',
    'the key or the user name holds a character that an HTTP header cannot carry',
  )
}
