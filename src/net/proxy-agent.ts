import type { HttpsProxyAgent } from 'https-proxy-agent'
import { StreamError } from '../errors.js'

export type ProxyAgentOptions = {
  /** The proxy's URL; may hold user and password, which never reach a message. */
  readonly proxy: string
  readonly verifyCertificates: boolean
  /** Ends what is under way with the proxy: the agent itself would wait for its answer for ever. */
  readonly signal: AbortSignal
}

/**
 * An agent that takes one connection through a proxy, by CONNECT for plain text too.
 * @throws StreamError `proxy-failed` where the URL is none of a proxy
 */
export async function proxyAgent({
  proxy,
  verifyCertificates,
  signal,
}: ProxyAgentOptions): Promise<HttpsProxyAgent<string>> {
  if (!URL.canParse(proxy)) throw notUsable('it is not a URL')
  const url = new URL(proxy)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw notUsable(`proxies of the kind "${url.protocol}//" are not supported`)
  }
  // Most runs go straight, and need none of it.
  const { HttpsProxyAgent } = await import('https-proxy-agent')
  return new HttpsProxyAgent(url, { signal, rejectUnauthorized: verifyCertificates })
}

function notUsable(why: string): StreamError {
  return new StreamError(
    'proxy-failed',
    `the proxy that the environment names cannot be used: ${why}; expected http://host:port in HTTPS_PROXY or HTTP_PROXY`,
  )
}
