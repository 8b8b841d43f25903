import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import type { LogEvent } from '../log.js'
import { isLoopback } from '../net/host.js'
import { packageFile } from '../packages.js'
import { receivedBy } from '../pipeline/streams.js'
import { printableJson } from '../text.js'
import type { Page } from './page-server.js'
import { createRates, RateHistory } from './rates.js'
import type { Snapshot } from './snapshot.js'
import { statusData } from './status-data.js'

type StatusPageOptions = {
  /** That of `--metrics`. */
  readonly host: string
  readonly snapshot: () => Snapshot
  readonly version: string
  /** The last lines of the log, the newest first. */
  readonly events: () => readonly LogEvent[]
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

type StatusPage = {
  /** Its files and its data, by their paths. */
  readonly pages: Readonly<Record<string, () => Promise<Page>>>
  /** Notes the rates. Call it every `SAMPLE_MS`. */
  sample(): void
}

/** The browser loads the files of this page and nothing else, and no text can become markup. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

const HEADERS = {
  'Content-Security-Policy': POLICY,
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

const BEYOND_LOOPBACK =
  'This page is served beyond this machine, without a login: everybody who reaches the port can read it.'

/** Makes the status page: what people see of the program in a browser. */
export function createStatusPage(options: StatusPageOptions): StatusPage {
  const { host, snapshot, version, events, now } = options
  const rates = createRates()
  const history = new RateHistory()
  const machine = hostname()

  const data = async () => {
    const state = snapshot()
    const status = statusData(state, {
      version,
      machine,
      rateOf: rates(state),
      rates: history.rates,
      events: events(),
      note: isLoopback(host) ? '' : BEYOND_LOOPBACK,
      now: now(),
    })
    return page('application/json', Buffer.from(`${printableJson(JSON.stringify(status))}\n`))
  }
  return {
    pages: {
      '/': () => file('index.html', 'text/html'),
      '/style.css': () => file('style.css', 'text/css'),
      '/script.js': () => file('script.js', 'text/javascript'),
      '/status.json': data,
    },
    sample() {
      const state = snapshot()
      rates(state)
      history.sample(receivedBy(state.entries, state.earlier).messages, state.upMs)
    },
  }
}

async function file(name: string, type: string): Promise<Page> {
  return page(type, await readFile(packageFile(`page/${name}`)))
}

function page(type: string, body: Uint8Array): Page {
  return { status: 200, type: `${type}; charset=utf-8`, body, headers: HEADERS }
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
