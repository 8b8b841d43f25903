import { getProxyForUrl } from 'proxy-from-env'

/**
 * The proxy that `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` (in either case) name for a
 * URL, or undefined. REST and WebSocket both ask here, so they can never take different ways:
 * `wss:` is looked up as `https:` and `ws:` as `http:`, as Python's clients do. Like these, and
 * unlike the library, it takes `example.com` in `NO_PROXY` for its subdomains too, `.example.com` for
 * the domain itself, and a proxy without a scheme for an `http:` one.
 */
export function proxyFor(url: string): string | undefined {
  const asked = new URL(url.replace(/^ws(s?):/, 'http$1:'))
  const proxy = getProxyForUrl(asked.href)
  if (!proxy || isUnderNoProxy(asked)) return undefined
  const [, rest = ''] = proxy.split('://')
  return isNamedInFull(proxy) ? proxy : `http://${rest}`
}

/** Names in `NO_PROXY` may have a port, which then must be the URL's. */
function isUnderNoProxy({ hostname, host }: URL): boolean {
  const names = environment('NO_PROXY')
    .toLowerCase()
    .split(/[,\s]+/)
    .map((name) => name.replace(/^\.+/, ''))
  return names.some(
    (name) => name !== '' && [hostname, host].some((each) => `.${each}`.endsWith(`.${name}`)),
  )
}

/** Whether a variable holds this very URL; else the library has put a scheme before it. */
function isNamedInFull(proxy: string): boolean {
  return ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'].some((name) => environment(name) === proxy)
}

function environment(name: string): string {
  return process.env[name.toLowerCase()] || process.env[name] || ''
}
