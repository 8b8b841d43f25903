import type { IncomingMessage } from 'node:http'
import { StreamError } from '../errors.js'
import { parseRetryAfter } from '../net/backoff.js'
import { quotePeer, redirectHost } from '../net/redact.js'
import type { Secret } from '../secret.js'

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
  const line = quotePeer(body, [key])
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
      `${answered} and sends us to ${redirectHost(response, url, [key])}; this is not followed, because the key would travel along: compare the hostname with the one on Central's Streaming page`,
      { status },
    )
  }
  if (status === 101) {
    return new StreamError(
      'answer-invalid',
      `${answered}, but not as a WebSocket server does: a proxy or a load balancer may stand between`,
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
