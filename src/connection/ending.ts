import { StreamError } from '../errors.js'
import { quotePeer } from '../net/redact.js'
import type { Secret } from '../secret.js'

/** `ws` reports this where no close frame came. */
const ABNORMAL = 1006
/** Good-bye; the server goes away, as for a restart; a close frame without a code. */
const NORMAL: readonly (number | undefined)[] = [1000, 1001, 1005]

/** What is known of the end of an open connection. */
export type SocketEnd = {
  readonly url: URL
  readonly code: number
  /** What the server gave as its reason. */
  readonly reason: string
  /** Such as ECONNRESET. */
  readonly networkCode: string | undefined
  readonly key: Secret
}

/** An open connection that is gone. */
export function connectionLost({ url, code, reason, networkCode, key }: SocketEnd): StreamError {
  const line = quotePeer(reason, [key])
  const message =
    code === ABNORMAL
      ? `the connection to ${url.host} broke off without a close frame${networkCode ? ` (${networkCode})` : ''}`
      : `${url.host} closed the connection with code ${code}${line && ` "${line}"`}`
  return new StreamError('connection-lost', message, { status: code })
}

/** What `ws` says of a peer that broke the protocol; its messages quote no content. */
export function protocolError(error: Error, url: URL): StreamError {
  if ('code' in error && error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
    return new StreamError(
      'frame-too-large',
      `${url.host} sent a frame over 64 MiB, the most that is taken`,
      { status: 1009 },
    )
  }
  return new StreamError('connection-lost', `${url.host} broke the protocol: ${error.message}`)
}

/** Whether the server said good-bye, as opposed to failing. */
export function isNormalClose(error: StreamError): boolean {
  return error.code === 'connection-lost' && NORMAL.includes(error.status)
}
