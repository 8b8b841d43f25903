import { StreamError } from '../errors.js'
import { firstLine } from '../text.js'

/** No close frame came. */
const ABNORMAL = 1006

/** An open connection that is gone. */
export function connectionLost(
  url: URL,
  code: number,
  reason: string,
  resetCode: string | undefined,
): StreamError {
  const said = firstLine(reason)
  const message =
    code === ABNORMAL
      ? `the connection to ${url.host} broke off without a close frame${resetCode ? ` (${resetCode})` : ''}`
      : `${url.host} closed the connection with code ${code}${said && ` "${said}"`}`
  return new StreamError('connection-lost', message, { status: code })
}

/** What `ws` says of a peer that broke the protocol; its texts quote no content. */
export function protocolError(error: Error, url: URL): StreamError {
  const { code } = error as NodeJS.ErrnoException
  return code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'
    ? new StreamError('frame-too-large', `${url.host} sent a frame over the limit of 64 MiB`, {
        status: 1009,
      })
    : new StreamError('connection-lost', `${url.host} broke the protocol: ${error.message}`)
}

/** Whether a server says good-bye with this code, as opposed to failing. */
export function isNormalClose(error: StreamError): boolean {
  return (
    error.code === 'connection-lost' &&
    (error.status === 1000 || error.status === 1001 || error.status === 1005)
  )
}
