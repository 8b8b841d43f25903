import type { ClientOptions, WebSocket } from 'ws'
import type { Topic } from '../classic/topics.js'
import { StreamError } from '../errors.js'
import { loadCommonJs } from '../load-common-js.js'
import { type Host, socketUrl } from '../net/host.js'
import { Route } from '../net/route.js'
import type { Secret } from '../secret.js'
import { HandshakeWatch } from './handshake-watch.js'

const ws = loadCommonJs<typeof import('ws')>('ws')

/** How long the server may take to answer a close frame. */
const CLOSE_MS = 1000
/** Central's messages are a few KiB; this only keeps a broken server from filling the memory. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024

export type HandshakeOptions = {
  readonly host: Host
  readonly topic: Topic
  /** Header `UserName`; left out where undefined. */
  readonly username: string | undefined
  readonly key: Secret
  readonly replayHeaders: Readonly<Record<string, string>>
  readonly userAgent: string
  readonly verifyCertificates: boolean
}

/** A socket in its handshake; whoever made it listens to its events before anything else happens. */
export type OpeningSocket = {
  readonly url: URL
  readonly socket: WebSocket
  readonly watch: HandshakeWatch
  /** Destroys what there is, without a close frame. */
  cut(): void
}

/**
 * Begins the handshake for one topic, through a proxy where the environment names one.
 * @throws StreamError `input-invalid` where key or user name do not fit into a header,
 *   `proxy-failed` where the proxy's URL is of no use
 */
export async function openSocket(options: HandshakeOptions): Promise<OpeningSocket> {
  const url = new URL(socketUrl(options.host))
  const { verifyCertificates } = options
  const route = new Route(url, { verifyCertificates })
  const watch = new HandshakeWatch(url, route)
  const socketOptions: ClientOptions & { closeTimeout: number } = {
    ...(route.agent && { agent: route.agent }),
    headers: headersOf(options),
    rejectUnauthorized: verifyCertificates,
    perMessageDeflate: false,
    followRedirects: false,
    skipUTF8Validation: true, // A text frame is kept whatever its bytes are.
    maxPayload: MAX_FRAME_BYTES,
    closeTimeout: CLOSE_MS,
    finishRequest: (request) => watch.begin(request),
  }
  const socket = createSocket(url, socketOptions)
  return {
    url,
    socket,
    watch,
    cut() {
      socket.terminate()
      route.close()
    },
  }
}

function headersOf({ username, key, topic, replayHeaders, userAgent }: HandshakeOptions) {
  return {
    ...(username !== undefined && { UserName: username }),
    Authorization: key.reveal(),
    Topic: topic,
    ...replayHeaders,
    'User-Agent': userAgent,
  }
}

function createSocket(url: URL, options: ClientOptions): WebSocket {
  try {
    return new ws.WebSocket(url, options)
  } catch (error) {
    // Node refuses such a header at once; the error that says so is not passed on.
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_CHAR'))
      throw error
    throw new StreamError(
      'input-invalid',
      'the key or the user name holds a character that an HTTP header cannot carry',
    )
  }
}
