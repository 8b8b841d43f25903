import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import type { Page } from './page-server.js'

/** The status page for people. It loads nothing but `/status.json`, and sends nothing. */
export function loadStatusPage(): Page {
  const html = readFileSync(new URL('../../page/status.html', import.meta.url), 'utf8')
  const policy = [
    "default-src 'none'",
    `script-src ${hashesOf(html, 'script')}`,
    `style-src ${hashesOf(html, 'style')}`,
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ]
  return {
    status: 200,
    type: 'text/html; charset=utf-8',
    body: Buffer.from(html),
    headers: {
      'Content-Security-Policy': policy.join('; '),
      'X-Content-Type-Options': 'nosniff',
      'Referrer-Policy': 'no-referrer',
    },
  }
}

/** What stands between the tags of this name, as a policy names it. */
function hashesOf(html: string, tag: string): string {
  const contents = html.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, 'gs'))
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  return Array.from(contents, ([, text = '']) => hash(text)).join(' ')
}

/**
 * Whether a `Host` header is one of this machine. A page elsewhere that has its own name point here
 * (DNS rebinding) could otherwise have a browser read the status.
 * @param listenHost the host of `--metrics`
 */
export function isOwnHost(header: string | undefined, listenHost: string): boolean {
  const [, bracketed, plain] =
    /^(?:\[([\da-f:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/i.exec(header ?? '') ?? []
  const name = (bracketed ?? plain)?.toLowerCase()
  if (name === undefined) return false
  if (isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost')) return true
  return name === listenHost.toLowerCase() || name === hostname().toLowerCase()
}
