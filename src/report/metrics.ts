import { isIP } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Clock, systemClock } from '../clock.js'
import type { ListenAddress } from '../commands/settings.js'
import { StreamError } from '../errors.js'
import { printable, printableJson } from '../text.js'
import { healthOf } from './health.js'
import { type Page, type PageServer, servePages, textPage } from './page-server.js'
import { createRegistry } from './registry.js'
import type { Snapshot } from './snapshot.js'

type MetricsOptions = ListenAddress & {
  readonly snapshot: () => Snapshot
  /** Of this program. */
  readonly version: string
  readonly clock?: Clock
}

/** `url` is where it listens, with the port that was taken. */
type MetricsServer = PageServer & { readonly url: string }

/** However often a page is asked for, it is made once in this time. */
const CACHE_MS = 1000

/**
 * Serves `/metrics` (Prometheus) and `/healthz`: 200 while at least one entry is open and none is
 * refused, else 503 with the reasons.
 * @throws StreamError `exporter-unusable` where it cannot listen
 */
export async function startMetrics(options: MetricsOptions): Promise<MetricsServer> {
  const { host, port, snapshot, version, clock = systemClock } = options
  const registry = await createRegistry(version)
  const pages: Readonly<Record<string, () => Promise<Page>>> = {
    '/metrics': cached(clock, async () => ({
      status: 200,
      type: registry.contentType,
      body: Buffer.from(await registry.render(snapshot())),
    })),
    '/healthz': cached(clock, async () => {
      const health = healthOf(snapshot())
      return {
        status: health.ok ? 200 : 503,
        type: 'application/json',
        body: Buffer.from(`${printableJson(JSON.stringify(health))}\n`),
      }
    }),
  }

  const answer = async (method: string, target: string): Promise<Page> => {
    const [path = ''] = target.split('?', 1)
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined
    if (!page) return textPage(404, 'try /metrics or /healthz')
    if (method === 'GET' || method === 'HEAD') return page()
    return { ...textPage(405, 'only GET and HEAD'), headers: { Allow: 'GET, HEAD' } }
  }
  const server = await servePages({ host, port, clock, answer }).catch((error: unknown) => {
    throw cannotListen(error, { host, port })
  })
  return { ...server, url: listenUrl({ host, port: server.port }) }
}

/** Makes a page when it is asked for, and again when it is asked for later than {@link CACHE_MS}. */
function cached(clock: Clock, make: () => Promise<Page>): () => Promise<Page> {
  let making: Promise<Page> | undefined
  let made: { readonly page: Page; readonly atMs: number } | undefined
  const remake = async () => {
    // A large page takes milliseconds. Let the streams go on first.
    await nextTurn()
    const page = await make().catch((error: unknown) =>
      textPage(500, `unexpected error: ${printable(String(error))}`),
    )
    made = { page, atMs: clock.elapsed() }
    making = undefined
    return page
  }
  return async () => {
    if (made && clock.elapsed() - made.atMs < CACHE_MS) return made.page
    making ??= remake()
    return making
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
