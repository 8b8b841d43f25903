import type { IncomingMessage } from 'node:http'
import type { ClientOptions, WebSocket } from 'ws'
import { StreamError } from '../errors.js'
import { isTemporary, parseRetryAfter } from '../net/backoff.js'
import { quotePeer } from '../net/redact.js'
import { Route } from '../net/route.js'
import { loadCommonJs } from '../packages.js'
import type { Answer, Handshake } from '../service.js'

const ws = loadCommonJs<typeof import('ws')>('ws')

/** Messages have a few KiB. The limit only keeps a broken server from filling the memory. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024
/** No limit for the closing handshake in `ws`: `connect` has one, in which pauses do not count. */
const NO_CLOSE_TIMEOUT = 2 ** 31 - 1

export type OpenOptions = {
  readonly handshake: Handshake
  readonly verifyCertificates: boolean
}

/** A WebSocket in its handshake. Knows which step it is at, and what a failure means. */
export class OpeningSocket {
  readonly socket: WebSocket
  readonly #handshake: Handshake
  readonly #route: Route

  /**
   * Begins the handshake, through a proxy where the environment names one. The caller listens to the
   * events of the socket before anything else happens.
   * @throws StreamError `input-invalid` where a value does not fit into a header, `proxy-failed` where
   *   the proxy's URL cannot be used
   */
  constructor({ handshake, verifyCertificates }: OpenOptions) {
    const route = new Route(handshake.url, { verifyCertificates })
    const options: ClientOptions & { closeTimeout: number } = {
      ...(route.agent && { agent: route.agent }),
      headers: { ...handshake.headers },
      rejectUnauthorized: verifyCertificates,
      perMessageDeflate: false,
      followRedirects: false,
      skipUTF8Validation: true, // A text frame is kept whatever its bytes are.
      maxPayload: MAX_FRAME_BYTES,
      // `ws` cuts a connection with 60 pongs to send. A server that pings during a pause reaches that.
      autoPong: false,
      closeTimeout: NO_CLOSE_TIMEOUT,
      finishRequest: (request) => {
        route.follow(request)
        request.end()
      },
    }
    this.#handshake = handshake
    this.#route = route
    this.socket = createSocket(handshake.url, options)
  }

  /** Destroys the connection without a close frame. */
  cut(): void {
    this.socket.terminate()
    this.#route.close()
  }

  /** What an error before the socket was open means. */
  failed(error: Error): StreamError {
    // An error without a code comes from `ws`: it does not accept the headers of a 101.
    if (this.#route.atProxy || 'code' in error) return this.#route.failed(error)
    return this.#noWebSocket(error.message)
  }

  timedOut(afterMs: number): StreamError {
    return this.#route.timedOut(`no answer within ${afterMs / 1000} s`)
  }

  /**
   * The error for an answer that opens no connection.
   * @param refusal called where the meaning of the status depends on the service
   */
  refused(
    response: IncomingMessage,
    body: string,
    nowMs: number,
    refusal: (answer: Answer) => StreamError,
  ): StreamError {
    const byProxy = this.#route.refusedByProxy(response, nowMs)
    if (byProxy) return byProxy
    const { url, credential } = this.#handshake
    const { statusCode: status = 0, headers } = response
    if (status < 200) return this.#noWebSocket('the header "Upgrade: websocket" is missing')
    if (!isTemporary(status)) return refusal({ url, status, headers, body, credential })
    const line = quotePeer(body, [credential])
    const retryAfterMs = parseRetryAfter(headers['retry-after'], nowMs)
    return new StreamError(
      'unavailable',
      `${url.host} answered ${status}${line && ` "${line}"`}: it cannot serve this now`,
      { status, retryAfterMs },
    )
  }

  #noWebSocket(why: string): StreamError {
    const { host } = this.#handshake.url
    return new StreamError(
      'answer-invalid',
      `${host} answered 101, but not as a WebSocket server does: ${why}`,
      { status: 101 },
    )
  }
}

function createSocket(url: URL, options: ClientOptions): WebSocket {
  try {
    return new ws.WebSocket(url, options)
  } catch (error) {
    // Node rejects such a header at once. Its error is not passed on: it may quote the value.
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_CHAR'))
      throw error
    throw new StreamError(
      'input-invalid',
      'the credentials or the user name hold a character that an HTTP header cannot carry',
    )
  }
}
