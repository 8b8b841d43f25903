import type { IncomingMessage } from 'node:http'
import { StreamError } from '../errors.js'
import { parseRetryAfter } from '../net/backoff.js'
import { peerText, redirectHost } from '../net/peer-text.js'
import type { Secret } from '../secret.js'

/** Enough for the first line of an answer, however long the rest of it is. */
const MAX_BODY_BYTES = 4096

/**
 * Reads the beginning of an answer's body.
 * @param onText called once: at the end, when it is enough, or when the answer breaks off
 * @returns stops reading and calls `onText` with what has come so far
 */
export function readBody(response: IncomingMessage, onText: (text: string) => void): () => void {
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
  response.on('error', () => undefined) // An answer that breaks off has told what it told.
  response.on('data', onData).on('end', done).on('close', done)
  return done
}

export type Refused = {
  /** The URL that was asked. */
  readonly url: URL
  readonly topic: string
  readonly key: Secret
  /** Milliseconds since the epoch. */
  readonly nowMs: number
}

/**
 * What an answer other than 101 to the handshake means, and what to do about it. That Central
 * answers a topic which is not ticked with 400 and `Unsubscribed Topic` was seen by its users.
 */
export function refusal(response: IncomingMessage, body: string, refused: Refused): StreamError {
  const { url, topic, key, nowMs } = refused
  const status = response.statusCode ?? 0
  const line = peerText(body, key)
  const answered = `${url.host} answered ${status}${line && ` "${line}"`}`

  if (status === 401) {
    return new StreamError('unauthorized', `${answered}: it does not accept the key`, { status })
  }
  if (status === 400 && /^unsubscribed topic/i.test(line)) {
    return new StreamError(
      'topic-unsubscribed',
      `${answered}: tick the topic "${topic}" in Central under Organization > Platform Integration > Streaming`,
      { status },
    )
  }
  if (status >= 300 && status < 400) {
    return new StreamError(
      'redirected',
      `${answered} and sends us to ${redirectHost(response, url, key)}; this is not followed, because the key would travel along: compare the hostname with the one on Central's Streaming page`,
      { status },
    )
  }
  if (status === 408 || status === 429 || status >= 500) {
    const retryAfterMs = parseRetryAfter(response.headers['retry-after'], nowMs)
    return new StreamError(
      'unavailable',
      `${answered}: it cannot serve this now`,
      retryAfterMs === undefined ? { status } : { status, retryAfterMs },
    )
  }
  return new StreamError(
    'refused',
    `${answered}, expected 101: check that hostname, user name and topic are those of Central's Streaming page`,
    { status },
  )
}
