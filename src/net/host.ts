import { isIP } from 'node:net'
import { StreamError } from '../errors.js'
import { maskTokens } from '../text.js'

/** Where a cluster of Central is reached: the base URL from its Streaming page, reduced to what matters. */
export type Host = {
  /** `host` or `host:port`, as a URL spells it. */
  readonly authority: string
  /** TLS; plain text is accepted for loopback hosts only. */
  readonly secure: boolean
}

/** Whether each is secure. */
const SCHEMES: ReadonlyMap<string, boolean> = new Map([
  ['wss', true],
  ['https', true],
  ['ws', false],
  ['http', false],
])

/**
 * Reads a host as users have it: `host`, `host:port`, `[::1]:8443`, or a pasted URL such as
 * `wss://host/streaming/api`, whose path is dropped.
 * @throws StreamError `usage`, which says what was expected and what came
 */
export function parseHost(text: string): Host {
  const wrong = (why: string) =>
    new StreamError(
      'usage',
      `expected a host such as "internal-ui.central.arubanetworks.com"; got ${maskTokens(JSON.stringify(text))} (${why})`,
    )
  const trimmed = text.trim()
  const [, scheme = 'wss', rest = ''] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/is.exec(trimmed) ?? []
  if (/^[^/?#]*@/.test(rest)) {
    // Not quoted: what stands before the @ may be a secret.
    throw new StreamError('usage', 'expected a host without user or password before an "@"')
  }
  const secure = SCHEMES.get(scheme.toLowerCase())
  if (secure === undefined) throw wrong(`unknown scheme "${scheme}"`)
  if (rest === '') throw wrong('it is empty')
  if (maskTokens(rest) !== rest) throw wrong('it looks like a key')

  let url: URL
  try {
    url = new URL(`${secure ? 'https' : 'http'}://${rest}`)
  } catch {
    throw wrong('it is no host name')
  }
  if (SCHEMES.has(url.hostname)) {
    throw wrong(
      'it has a scheme where the host should be: expected one scheme, with "://" behind it',
    )
  }
  if (!secure && !isLoopback(url.hostname)) {
    throw wrong(
      'plain text would show the key to the network and is accepted for loopback hosts only',
    )
  }
  return { authority: url.host, secure }
}

/** `wss://HOST/streaming/api`, where the topics are subscribed. */
export function socketUrl(host: Host): string {
  return `${host.secure ? 'wss' : 'ws'}://${host.authority}/streaming/api`
}

/** `https://HOST/streaming/token/validate`, where a key is validated. */
export function validateUrl(host: Host): string {
  return `${host.secure ? 'https' : 'http'}://${host.authority}/streaming/token/validate`
}

/** Whether two are reached in the same way. */
export function isSameHost(a: Host, b: Host): boolean {
  return a.authority === b.authority && a.secure === b.secure
}

/** Whether a URL's host name is this machine. */
export function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]')
    return true
  return isIP(hostname) === 4 && hostname.startsWith('127.')
}
