import type { IncomingMessage } from 'node:http'
import { parseRetryAfter } from '../backoff.js'
import { StreamError } from '../errors.js'
import type { Secret } from '../secret.js'
import { firstLine } from '../text.js'

/** Enough for the first line of an answer, however long the rest of it is. */
const MAX_BODY_BYTES = 4096

export type RefusalContext = {
  /** The URL that was asked. */
  readonly url: URL
  readonly topic: string
  /** Masked, should the server quote it. */
  readonly key: Secret
  /** Milliseconds since the epoch. */
  readonly nowMs: number
}

/**
 * Reads the beginning of an answer's body.
 * @param onText called once: at the end, when it is enough, or when the answer breaks off
 */
export function readBody(response: IncomingMessage, onText: (text: string) => void): void {
  const chunks: Buffer[] = []
  let size = 0
  const onData = (chunk: Buffer) => {
    chunks.push(chunk)
    size += chunk.length
    if (size >= MAX_BODY_BYTES) done()
  }
  const done = () => {
    response.off('data', onData).off('end', done).off('close', done)
    onText(Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString())
  }
  // An answer that breaks off tells what it told.
  response.on('error', () => undefined)
  response.on('data', onData).on('end', done).on('close', done)
}

/** What an answer other than 101 to the handshake means, and what to do about it. */
export function refusal(
  response: IncomingMessage,
  body: string,
  { url, topic, key, nowMs }: RefusalContext,
): StreamError {
  const status = response.statusCode ?? 0
  const said = firstLine(body.replaceAll(key.reveal(), '****'))
  const answered = `${url.host} answered ${status}${said && ` "${said}"`}`

  if (status === 401) {
    return new StreamError('unauthorized', `${answered}: it does not accept the key`, { status })
  }
  if (status === 400 && /^unsubscribed topic/i.test(said)) {
    return new StreamError(
      'topic-unsubscribed',
      `${answered}: tick the topic "${topic}" in Central under Organization > Platform Integration > Streaming, then start again`,
      { status },
    )
  }
  if (status >= 300 && status < 400) {
    return new StreamError(
      'redirected',
      `${answered} and sends us to ${redirectHost(response, url, key)}, which is not followed because the key would travel along: check the hostname against Central's Streaming page`,
      { status },
    )
  }
  if (status === 408 || status === 429 || status >= 500) {
    const retryAfterMs = parseRetryAfter(response.headers['retry-after'], nowMs)
    return new StreamError(
      'unavailable',
      `${answered}: it cannot serve us now`,
      retryAfterMs === undefined ? { status } : { status, retryAfterMs },
    )
  }
  return new StreamError(
    'refused',
    `${answered}, expected 101 (a WebSocket): check hostname, user name and topic`,
    { status },
  )
}

function redirectHost(response: IncomingMessage, url: URL, key: Secret): string {
  const location = response.headers.location
  if (location === undefined || !URL.canParse(location, url.href)) return 'no readable address'
  return firstLine(new URL(location, url.href).host.replaceAll(key.reveal(), '****')) || 'no host'
}
