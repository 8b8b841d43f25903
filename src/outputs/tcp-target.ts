import { StreamError } from '../errors.js'
import { redactUrl } from '../net/redact.js'

/** Where lines are sent. */
export type TcpAddress = {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  /** The target as messages name it. */
  readonly name: string
}

/** @throws StreamError `exporter-unusable`; a login is never quoted */
export function parseTcpTarget(target: string): TcpAddress {
  const wrong = (why: string) =>
    new StreamError('exporter-unusable', `expected tcp://HOST:PORT or tls://HOST:PORT; ${why}`)
  if (target.includes('@')) throw wrong('a user or password has no meaning here')
  let url: URL
  try {
    url = new URL(target)
  } catch {
    throw wrong(`got ${JSON.stringify(redactUrl(target))}`)
  }
  const bare = (url.pathname === '' || url.pathname === '/') && url.search === '' && url.hash === ''
  if (!/^(tcp|tls):$/.test(url.protocol) || url.hostname === '' || !Number(url.port) || !bare) {
    throw wrong(`got ${JSON.stringify(redactUrl(target))}`)
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port),
    tls: url.protocol === 'tls:',
    name: `${url.protocol}//${url.host}`,
  }
}
