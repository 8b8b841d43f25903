import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { nameCharacter } from '../characters.js'
import { follow, untilAborted } from '../clock.js'
import { StreamError } from '../errors.js'
import type { Secret } from '../secret.js'
import { quotePeer } from './redact.js'
import { Route, type RouteOptions } from './route.js'

/** Proxy, TCP and TLS. */
const CONNECT_MS = 10_000
/** A body that is not needed only explains the status. Its beginning is read, to keep the connection. */
const UNNEEDED = { ms: 1000, bytes: 65_536 }
/** Enough for the first line of a body, however long the rest of it is. */
const QUOTED_BYTES = 4096

export type HttpClientOptions = RouteOptions & { readonly url: URL }

export type HttpRequest = {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  /** Parts of the headers or the URL that must not be shown when the other side quotes them. */
  readonly secrets: readonly Secret[]
  readonly body?: Uint8Array
  readonly signal: AbortSignal
  /** For DNS, TCP, proxy, TLS, header and body, all together. */
  readonly timeoutMs: number
  /** What did not come in time, for the error. */
  readonly late: string
  /** Whether the body of an answer with this status is needed; no (default). */
  readonly needsBody?: (status: number) => boolean
  /** How much of a body that is needed is read; 64 KiB (default). */
  readonly maxBytes?: number
}

export type HttpAnswer = {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** Whether the body is longer than was read. */
  readonly truncated: boolean
  /** The first line of the body for a message, without secrets; empty where there is none. */
  readonly quote: string
}

/** Sends requests to one URL. Each of them ends, whatever the other side does. */
export class HttpClient {
  readonly #route: Route
  readonly #keepAlive: boolean

  /** @throws StreamError `proxy-failed` where the environment names a proxy that cannot be used */
  constructor({ url, ...options }: HttpClientOptions) {
    this.#route = new Route(url, options)
    this.#keepAlive = options.keepAlive ?? false
  }

  /**
   * Sends a request and reads the answer. Redirects are not followed: the secrets would be sent there.
   * @throws StreamError `proxy-failed`, `unreachable`, `timed-out`, `certificate-untrusted`,
   *   `answer-invalid`; the signal's reason as soon as it aborts
   */
  async request(options: HttpRequest): Promise<HttpAnswer> {
    const { signal, timeoutMs, late } = options
    signal.throwIfAborted()
    const giveUp = new AbortController()
    const unfollow = follow(giveUp, signal)
    const timer = setTimeout(() => giveUp.abort(this.#route.timedOut(late)), timeoutMs)
    const connecting = setTimeout(() => {
      giveUp.abort(this.#route.timedOut(`no connection within ${CONNECT_MS / 1000} s`))
    }, CONNECT_MS)
    let request: ClientRequest | undefined
    let whole = false
    const ask = () => {
      request = this.#route.request({ method: options.method, headers: { ...options.headers } })
      this.#route.follow(request, () => clearTimeout(connecting))
      return untilAborted(this.#send(request, options.body), giveUp.signal)
    }
    try {
      const response = await ask().catch((error) => {
        // The other side closed the kept connection at this moment: try once on a new one.
        if (!request?.reusedSocket || giveUp.signal.aborted || error instanceof StreamError) {
          throw error
        }
        return ask()
      })
      const body = await this.#read(response, options, giveUp.signal)
      signal.throwIfAborted()
      const { statusCode: status = 0 } = response
      // After a 101 the connection speaks another protocol.
      whole = body.end === 'complete' && status >= 200
      return {
        status,
        headers: response.headers,
        body: body.bytes,
        truncated: body.end === 'full',
        quote: quotePeer(body.bytes.toString(), [...options.secrets, ...this.#route.secrets]),
      }
    } catch (error) {
      throw giveUp.signal.aborted ? giveUp.signal.reason : this.#route.failed(error)
    } finally {
      clearTimeout(timer)
      clearTimeout(connecting)
      unfollow()
      if (!whole) request?.destroy()
      if (!whole || !this.#keepAlive) this.#route.close()
    }
  }

  /** Closes the connection that is kept. */
  close(): void {
    this.#route.close()
  }

  #send(request: ClientRequest, body: Uint8Array | undefined): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      request.on('error', reject)
      // Comes after every other event, and always.
      request.on('close', () => reject(this.#invalid('closed the connection without an answer')))
      request.on('upgrade', (_response, socket) => {
        socket.destroy()
        reject(this.#invalid('answered 101, although no upgrade was asked for'))
      })
      request.on('response', (response) => {
        // What reads the body notices that an answer breaks off. It may not have begun yet.
        response.on('error', () => undefined)
        const refused = this.#route.refusedByProxy(response, Date.now())
        if (refused) reject(refused)
        else resolve(response)
      })
      request.end(body)
    })
  }

  async #read(
    response: IncomingMessage,
    { needsBody, maxBytes = UNNEEDED.bytes }: HttpRequest,
    giveUp: AbortSignal,
  ): Promise<Body> {
    const needed = needsBody?.(response.statusCode ?? 0) ?? false
    let stop = () => {}
    const reading = new Promise<Body>((resolve) => {
      stop = readBody(response, resolve, needed ? maxBytes : UNNEEDED.bytes)
    })
    if (needed) {
      const body = await untilAborted(reading, giveUp)
      if (body.end === 'cut') throw this.#cut()
      return body
    }
    const timer = setTimeout(stop, UNNEEDED.ms)
    giveUp.addEventListener('abort', stop, { once: true })
    return reading.finally(() => {
      clearTimeout(timer)
      giveUp.removeEventListener('abort', stop)
    })
  }

  #cut(): StreamError {
    return new StreamError(
      'unreachable',
      `${this.#route.name} cut the connection within its answer`,
    )
  }

  #invalid(what: string): StreamError {
    return new StreamError('answer-invalid', `${this.#route.name} ${what}`)
  }
}

/** What was read of a body, and why no more of it. */
type Body = {
  readonly bytes: Buffer
  readonly end: 'complete' | 'cut' | 'full' | 'stopped'
}

/**
 * Reads the beginning of an answer's body. The connection stays open. The caller closes it.
 * @param done called once
 * @param maxBytes ends the reading where there is more
 * @returns ends the reading with what has come so far
 */
export function readBody(
  response: IncomingMessage,
  done: (body: Body) => void,
  maxBytes = QUOTED_BYTES,
): () => void {
  const chunks: Buffer[] = []
  let size = 0
  let finished = false
  const finish = (end: Body['end']) => {
    if (finished) return
    finished = true
    response.off('data', onData).off('end', onEnd).off('close', onClose).pause()
    done({ bytes: Buffer.concat(chunks).subarray(0, maxBytes), end })
  }
  const onData = (chunk: Buffer) => {
    chunks.push(chunk)
    size += chunk.length
    if (size > maxBytes) finish('full')
  }
  const onEnd = () => finish('complete')
  const onClose = () => finish('cut')
  response.on('error', () => undefined) // An answer that breaks off ends with `close`.
  response.on('data', onData).on('end', onEnd).on('close', onClose)
  return () => finish('stopped')
}

/**
 * Why a text cannot be the value of an HTTP header, which carries Latin-1 without control characters
 * (RFC 9110, 5.5): the kind of the first wrong character and its place, counted from 1, without showing
 * any of the text. Undefined where nothing is wrong.
 */
export function headerFault(text: string): string | undefined {
  const at = text.search(/[^\t\x20-\x7e\x80-\xff]/)
  if (at === -1) return undefined
  const character = text.charAt(at)
  const isControl = character < '\x80'
  const kind = isControl ? nameCharacter(character) : 'a letter or sign that is not Latin-1'
  return `${kind} at character ${at + 1}`
}
