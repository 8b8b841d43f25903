import type { ClientRequest } from 'node:http'
import { type ClientOptions, WebSocket } from 'ws'
import type { Clock } from '../clock.js'
import { StreamError } from '../errors.js'
import { type Host, socketUrl } from '../host.js'
import { networkError } from '../network-error.js'
import { proxyFor } from '../proxy.js'
import type { Topic } from '../schema/topics.js'
import type { Secret } from '../secret.js'
import { connectionLost, protocolError } from './ending.js'
import { type Heartbeat, startHeartbeat } from './heartbeat.js'
import { proxyAgent } from './proxy-agent.js'
import { readBody, refusal } from './refusal.js'

/** DNS, TCP, proxy, TLS and the answer to the upgrade, all together. */
const HANDSHAKE_MS = 10_000
/** How long the server may take to answer a close frame. */
const CLOSE_MS = 1000
/** Central's messages are a few KiB; this only keeps a broken or hostile server from filling memory. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024

/** Reading from an open socket can be held and taken up again. */
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
  /** Replay headers. */
  readonly headers: Readonly<Record<string, string>>
  readonly userAgent: string
  readonly verifyCertificates: boolean
  readonly clock: Clock
  /** Gives a handshake up; ends an open connection with code 1000, and frames are dropped from then on. */
  readonly signal: AbortSignal
  /** Called before the first frame. */
  readonly onOpen: (connection: Connection) => void
  readonly onFrame: (bytes: Uint8Array, text: boolean) => void
  /** A larger frame ends the connection; 64 MiB unless told. */
  readonly maxFrameBytes?: number | undefined
}

/**
 * The life of one WebSocket, from handshake to end.
 * @returns why it ended, once its socket is gone; never rejects. A close frame's code is in `status`.
 */
export function connect(options: ConnectOptions): Promise<StreamError> {
  const { host, topic, key, clock, signal, onOpen, onFrame } = options
  const url = new URL(socketUrl(host))
  const proxy = proxyFor(url.href)
  // Reaches the socket to a proxy, which the request does not own until the proxy has answered.
  const handshake = new AbortController()
  let cause: StreamError | undefined
  let stage = proxy ? 'an answer from the proxy' : 'a TCP connection'
  let tunnelled = proxy === undefined
  let heartbeat: Heartbeat | undefined
  let resetCode: string | undefined

  function watchProgress(request: ClientRequest): void {
    request.once('socket', (socket) => {
      const connected = () => {
        stage = host.secure ? 'the TLS handshake' : 'the answer to the handshake'
      }
      if (socket.connecting) socket.once('connect', connected)
      else connected()
      socket.once('secureConnect', () => {
        stage = 'the answer to the handshake'
      })
    })
    request.end()
  }

  function createSocket(): WebSocket {
    const agent =
      proxy === undefined
        ? undefined
        : proxyAgent({
            proxy,
            verifyCertificates: options.verifyCertificates,
            signal: handshake.signal,
          })
    agent?.once('proxyConnect', ({ statusCode }: { statusCode: number }) => {
      tunnelled = statusCode === 200
      stage = 'the TLS handshake'
      if (!tunnelled) cause ??= proxyRefusal(agent.proxy, statusCode, url)
    })
    const socketOptions: ClientOptions & { closeTimeout: number } = {
      agent,
      headers: {
        ...(options.username === undefined ? {} : { UserName: options.username }),
        Authorization: key.reveal(),
        Topic: topic,
        ...options.headers,
        'User-Agent': options.userAgent,
      },
      rejectUnauthorized: options.verifyCertificates,
      perMessageDeflate: false,
      followRedirects: false,
      // A text frame is kept whatever its bytes are.
      skipUTF8Validation: true,
      maxPayload: options.maxFrameBytes ?? MAX_FRAME_BYTES,
      closeTimeout: CLOSE_MS,
      finishRequest: watchProgress,
    }
    return new WebSocket(url, socketOptions)
  }

  return new Promise((resolve) => {
    let socket: WebSocket
    try {
      socket = createSocket()
    } catch (error) {
      resolve(error instanceof StreamError ? error : unsendable())
      return
    }

    const cut = (why: StreamError) => {
      cause ??= why
      socket.terminate()
      handshake.abort()
    }
    const timer = clock.setTimeout(() => {
      const waited = `${url.host} did not get as far as ${stage} within ${HANDSHAKE_MS / 1000} s`
      cut(new StreamError('timed-out', waited))
    }, HANDSHAKE_MS)
    const onAbort = () => {
      if (socket.readyState === WebSocket.CONNECTING) {
        cut(new StreamError('connection-lost', 'ended as asked'))
        return
      }
      socket.off('message', onMessage)
      // The server's answer may stand behind frames that were never read.
      socket.resume()
      socket.close(1000)
    }
    const onMessage = (data: unknown, isBinary: boolean) => {
      heartbeat?.alive()
      onFrame(data as Buffer, !isBinary)
    }
    const alive = () => heartbeat?.alive()

    socket.on('upgrade', (response) => {
      response.socket.once('error', (error: NodeJS.ErrnoException) => {
        resetCode = error.code
      })
    })
    socket.on('unexpected-response', (_request, response) => {
      readBody(response, (body) =>
        cut(refusal(response, body, { url, topic, key, nowMs: clock.now() })),
      )
    })
    socket.on('open', () => {
      clock.clearTimeout(timer)
      heartbeat = startHeartbeat({
        clock,
        ping: () => socket.ping(),
        silent: () =>
          cut(
            new StreamError(
              'connection-silent',
              `neither frame nor pong from ${url.host} for 60 s`,
            ),
          ),
      })
      onOpen({
        pause() {
          heartbeat?.pause()
          socket.pause()
        },
        resume() {
          heartbeat?.resume()
          socket.resume()
        },
      })
    })
    socket.on('message', onMessage)
    socket.on('ping', alive)
    socket.on('pong', alive)
    socket.on('error', (error) => {
      if (heartbeat) cause ??= protocolError(error, url)
      else if (tunnelled) cause ??= networkError(error, url.host)
      else cause ??= networkError(error, `proxy`)
    })
    socket.on('close', (code, reason) => {
      clock.clearTimeout(timer)
      heartbeat?.stop()
      signal.removeEventListener('abort', onAbort)
      resolve(cause ?? connectionLost(url, code, reason.toString(), resetCode))
    })

    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
}

function unsendable(): StreamError {
  return new StreamError(
    'input-invalid',
    'the key or the user name holds a character that an HTTP header cannot carry',
  )
}

function proxyRefusal(proxy: URL, status: number, url: URL): StreamError {
  const hint =
    status === 407
      ? ': it asks for a user and a password, as in http://user:password@host:port'
      : ''
  return new StreamError(
    'proxy-failed',
    `the proxy ${proxy.host} answered ${status} when asked for ${url.host}${hint}`,
    { status },
  )
}
