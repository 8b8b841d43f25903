import { BlockList, isIP } from 'node:net'
import { StreamError } from '../errors.js'
import { Secret } from '../secret.js'

/** The proxy for a request. */
export type ProxyServer = {
  /** Without user and password. */
  readonly url: URL
  /** The value of `Proxy-Authorization`; undefined where the environment names no user. */
  readonly authorization: string | undefined
  /** What must not be shown when the other side quotes it. */
  readonly secrets: readonly Secret[]
}

/**
 * Finds the proxy for a URL in `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`; names in lower
 * case go first. Every connection of the program asks here, so REST and WebSocket always take the same
 * route: `wss:` counts as `https:` and `ws:` as `http:`. A name in `NO_PROXY` holds for its subdomains
 * too, as it does for Python's clients.
 * @returns undefined where the request goes straight
 * @throws StreamError `proxy-failed` where the environment names a proxy that cannot be used
 */
export function findProxy(url: URL): ProxyServer | undefined {
  const secure = url.protocol === 'https:' || url.protocol === 'wss:'
  const named = environment(secure ? 'HTTPS_PROXY' : 'HTTP_PROXY') || environment('ALL_PROXY')
  if (named === '' || isExcluded(url, secure ? '443' : '80')) return undefined
  return parseProxy(named)
}

/**
 * Whether `NO_PROXY` names the host: `*`, or `host`, `.host`, `*host`, each with or without a port, an
 * address, or a subnet such as `10.0.0.0/8`.
 */
function isExcluded({ hostname, port }: URL, defaultPort: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '')
  const names = environment('NO_PROXY')
    .toLowerCase()
    .split(/[,\s]+/)
  return names.some((name) => {
    if (isIP(name) !== 0) return name === address
    if (name.includes('/')) return isInSubnet(address, name)
    const [, wildcard = '', host = '', ofPort] =
      /^([*.]*)(\[.*\]|[^:]*)(?::(\d+))?$/.exec(name) ?? []
    if (ofPort !== undefined && ofPort !== (port || defaultPort)) return false
    if (wildcard.startsWith('*')) return hostname.endsWith(`${wildcard.slice(1)}${host}`)
    return host !== '' && `.${hostname}`.endsWith(`.${host}`)
  })
}

function isInSubnet(address: string, subnet: string): boolean {
  const [network = '', prefix = ''] = subnet.split('/')
  const family = isIP(network)
  if (family === 0 || family !== isIP(address) || !/^\d{1,3}$/.test(prefix)) return false
  if (Number(prefix) > (family === 4 ? 32 : 128)) return false
  const list = new BlockList()
  list.addSubnet(network, Number(prefix), family === 4 ? 'ipv4' : 'ipv6')
  return list.check(address, family === 4 ? 'ipv4' : 'ipv6')
}

function parseProxy(named: string): ProxyServer {
  const text = named.includes('://') ? named : `http://${named}`
  const url = URL.canParse(text) ? new URL(text) : undefined
  // An unescaped `#`, `/` or `?` in a password ends what a URL takes for login and host.
  const [, authority = '', rest = ''] = /:\/\/([^/?#]*)(.*)$/s.exec(text) ?? []
  if (!authority.includes('@') && rest.includes('@')) {
    throw unusable(
      'special characters in its user or password must be percent-encoded, such as %23 for "#" and %40 for "@"',
    )
  }
  if (!url) throw unusable('it is not a URL')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw unusable(`proxies of the kind "${url.protocol}//" are not supported`)
  }
  return { url: new URL(`${url.protocol}//${url.host}`), ...login(url) }
}

function login({ username, password }: URL): Pick<ProxyServer, 'authorization' | 'secrets'> {
  if (username === '' && password === '') return { authorization: undefined, secrets: [] }
  let secret: string
  let both: string
  try {
    secret = decodeURIComponent(password)
    both = `${decodeURIComponent(username)}:${secret}`
  } catch {
    throw unusable('a "%" in its user or password must be written as %25')
  }
  const authorization = `Basic ${Buffer.from(both).toString('base64')}`
  const secrets = [authorization, authorization.slice('Basic '.length), both, secret, password]
  return { authorization, secrets: secrets.map((each) => new Secret(each)) }
}

function unusable(why: string): StreamError {
  return new StreamError(
    'proxy-failed',
    `the proxy that the environment names cannot be used: ${why}; expected http://HOST:PORT or http://USER:PASSWORD@HOST:PORT in HTTPS_PROXY or HTTP_PROXY`,
  )
}

/** Logins other than Basic that proxies ask for. Only Basic is supported. */
const OTHER_LOGINS = ['NTLM', 'Negotiate', 'Kerberos', 'Digest', 'Bearer']

/**
 * What to do where a proxy refuses to let us through, for the end of a message.
 * @param asked the header `Proxy-Authenticate`
 */
export function loginHint(asked = ''): string {
  const has = (scheme: string) => new RegExp(`(^|[\\s,])${scheme}($|[\\s,])`, 'i').test(asked)
  const others = OTHER_LOGINS.filter(has)
  // tinyproxy answers 401, not 407, to a password that is wrong.
  if (has('Basic') || others.length === 0) {
    return ': it expects the right user and password in HTTPS_PROXY or HTTP_PROXY'
  }
  return `: it expects a login by ${others.join(' or ')}, which is not supported; run a local proxy that can do it, such as px or cntlm, and name that one in HTTPS_PROXY or HTTP_PROXY`
}

function environment(name: string): string {
  return process.env[name.toLowerCase()] || process.env[name] || ''
}
