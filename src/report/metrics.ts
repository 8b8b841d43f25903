import { isIP } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Clock, systemClock } from '../clock.js'
import type { ListenAddress } from '../commands/settings.js'
import { StreamError } from '../errors.js'
import type { LogEvent } from '../log.js'
import { isLoopback } from '../net/host.js'
import { printable, printableJson } from '../text.js'
import { healthOf, readinessOf } from './health.js'
import {
  type Page,
  type PageRequest,
  type PageServer,
  servePages,
  textPage,
} from './page-server.js'
import { createRegistry } from './registry.js'
import type { Snapshot } from './snapshot.js'
import { createStatusPage, isOwnHost } from './status-page.js'

type MetricsOptions = ListenAddress & {
  readonly snapshot: () => Snapshot
  /** Of this program. */
  readonly version: string
  readonly clock?: Clock
  /** The last lines of the log, the newest first. */
  readonly events?: () => readonly LogEvent[]
}

/** `url` is where it listens, with the port that was taken. */
export type MetricsServer = PageServer & {
  readonly url: string
  /** Notes the rate for the plot of the last hour. Call it every `SAMPLE_MS`. */
  sample(): void
}

/** However often a page is asked for, it is made once in this time. */
const CACHE_MS = 1000
const FOREIGN_HOST = textPage(
  403,
  'this page answers to an IP address, localhost, the name of the machine, and the host of --metrics',
)

type Make = (query: URLSearchParams) => Page | Promise<Page>

/**
 * Serves the status page for people at `/`, `/metrics` (Prometheus), and for probes `/livez`, `/readyz` and
 * `/healthz`. These are 200, or 503 with the reasons.
 * @throws StreamError `exporter-unusable` where it cannot listen
 */
export async function startMetrics(options: MetricsOptions): Promise<MetricsServer> {
  const { host, port, snapshot, version, clock = systemClock, events = () => [] } = options
  const registry = await createRegistry(version)
  const statusPage = createStatusPage({
    ...{ host, snapshot, version, events },
    now: () => clock.now(),
  })
  const pages: Readonly<Record<string, Make>> = {
    ...statusPage.pages,
    '/metrics': async () => ({
      status: 200,
      type: registry.contentType,
      body: Buffer.from(await registry.render(snapshot())),
    }),
    '/livez': () => healthPage({ ok: true }),
    '/readyz': () => healthPage(readinessOf(snapshot())),
    '/healthz': (query) => {
      const minOpen = minOpenOf(query)
      return minOpen === 'wrong'
        ? textPage(400, 'min_open: expected per cent of the subscriptions, such as min_open=90%')
        : healthPage(healthOf(snapshot(), minOpen))
    },
  }
  const made = new PageCache(clock)

  const answer = async (request: PageRequest): Promise<Page> => {
    const { method, target, host: asked } = request
    const [path = '', text = ''] = target.split('?', 2)
    const make = Object.hasOwn(pages, path) ? pages[path] : undefined
    if (!make) return textPage(404, `try ${Object.keys(pages).join(', ')}`)
    if (method !== 'GET' && method !== 'HEAD') {
      return { ...textPage(405, 'only GET and HEAD'), headers: { Allow: 'GET, HEAD' } }
    }
    // Prometheus and Kubernetes ask by names of their own. The status page is for browsers; so is the rest
    // where a browser asks for it on this machine, which a page from elsewhere may have it do.
    const forBrowsers = isLoopback(host) && request.byBrowser
    if ((forBrowsers || Object.hasOwn(statusPage.pages, path)) && !isOwnHost(asked, host)) {
      return FOREIGN_HOST
    }
    const query = new URLSearchParams(text)
    const key = path === '/healthz' ? `${path} ${minOpenOf(query)}` : path
    return made.page(key, () => make(query))
  }
  const server = await servePages({ host, port, clock, answer }).catch((error: unknown) => {
    throw cannotListen(error, { host, port })
  })
  return { ...server, url: listenUrl({ host, port: server.port }), sample: statusPage.sample }
}

function healthPage(health: { readonly ok: boolean }): Page {
  return {
    status: health.ok ? 200 : 503,
    type: 'application/json',
    body: Buffer.from(`${printableJson(JSON.stringify(health))}\n`),
  }
}

/** Whole per cent, with or without the sign. Users write a plain `%`, although a URL needs `%25`. */
function minOpenOf(query: URLSearchParams): number | 'wrong' | undefined {
  const text = query.get('min_open')
  if (text === null) return undefined
  const [, digits] = /^(\d{1,3})%?$/.exec(text) ?? []
  return digits !== undefined && Number(digits) <= 100 ? Number(digits) : 'wrong'
}

/** Makes a page when it is asked for, and again when it is asked for later than {@link CACHE_MS}. */
class PageCache {
  readonly #clock: Clock
  readonly #pages = new Map<string, { readonly page: Promise<Page>; atMs: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @param key one of a bounded number */
  page(key: string, make: () => Page | Promise<Page>): Promise<Page> {
    const before = this.#pages.get(key)
    if (before && this.#clock.elapsed() - before.atMs < CACHE_MS) return before.page
    const made = { page: this.#make(make), atMs: Number.POSITIVE_INFINITY }
    this.#pages.set(key, made)
    void made.page.then(() => {
      made.atMs = this.#clock.elapsed()
    })
    return made.page
  }

  async #make(make: () => Page | Promise<Page>): Promise<Page> {
    // A large page takes milliseconds. Let the streams go on first.
    await nextTurn()
    try {
      return await make()
    } catch (error) {
      return textPage(500, `unexpected error: ${printable(String(error))}`)
    }
  }
}

function listenUrl({ host, port }: ListenAddress): string {
  return `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}

const LISTEN_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has that port; choose another one',
  EACCES: 'this user may not use that port; choose one above 1023',
  EPERM: 'this user may not use that port; choose one above 1023',
  EADDRNOTAVAIL: 'this machine does not have that address',
  EINVAL: 'this machine does not have that address',
  EAFNOSUPPORT: 'this machine does not have addresses of that kind',
  ENOTFOUND: 'DNS does not know that host name',
  EAI_AGAIN: 'DNS did not answer for that host name; give an IP address',
}

function cannotListen(error: unknown, address: ListenAddress): StreamError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  return new StreamError(
    'exporter-unusable',
    `--metrics: cannot listen on ${listenUrl(address)}: ` +
      `${LISTEN_FAULTS[code] ?? `the operating system refuses it (${code})`}`,
    { cause: error },
  )
}
