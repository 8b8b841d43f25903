import { isIP } from 'node:net'
import { StreamError } from '../errors.js'

export type ListenAddress = { readonly host: string; readonly port: number }

/**
 * Reads `[HOST:]PORT`: `9464`, `0.0.0.0:9464`, `[::1]:9464`. Without a host it is loopback, also
 * for `:9464`; all addresses are asked for by `0.0.0.0` or `[::]`. Port 0 takes a free one.
 * @throws StreamError `usage`
 */
export function parseListen(text: string): ListenAddress {
  const wrong = (why: string) =>
    new StreamError(
      'usage',
      `expected [HOST:]PORT such as 9464 or 0.0.0.0:9464; got ${JSON.stringify(text)} (${why})`,
    )
  const at = text.lastIndexOf(':')
  const host = text.slice(0, Math.max(0, at))
  const port = text.slice(at + 1)
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw wrong('a port is 0 to 65535')
  return { host: host === '' ? '127.0.0.1' : readHost(host, wrong), port: Number(port) }
}

/** `http://HOST:PORT`, with brackets where they are needed. */
export function listenUrl({ host, port }: ListenAddress): string {
  return `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}

function readHost(text: string, wrong: (why: string) => StreamError): string {
  const bracketed = /^\[(.*)\]$/.exec(text)?.[1]
  if (bracketed !== undefined) {
    if (isIP(bracketed) !== 6) throw wrong('brackets are for IPv6 addresses')
    return bracketed
  }
  if (text.includes(':')) throw wrong('an IPv6 address stands in brackets')
  const labels = /^[a-z0-9]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9_-]*[a-z0-9])?)*$/i
  if (!labels.test(text)) throw wrong('it is no host name')
  return text
}
