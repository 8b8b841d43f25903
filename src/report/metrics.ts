import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { type AddressInfo, isIP } from 'node:net'
import type { ListenAddress } from '../commands/settings.js'
import { StreamError } from '../errors.js'
import { printable, printableJson } from '../text.js'
import { healthOf } from './health.js'
import { createRegistry } from './registry.js'
import type { Snapshot } from './snapshot.js'

export type MetricsOptions = ListenAddress & {
  readonly snapshot: () => Snapshot
  /** Of this program. */
  readonly version: string
}

export type MetricsServer = {
  /** Where it listens, with the port that was taken. */
  readonly url: string
  /** Resolves at once: connections that wait for another request are cut. */
  close(): Promise<void>
}

/** A scraper sends a few hundred bytes at once; who dawdles is cut off. */
const REQUEST_MS = 5000
/** More scrapers than anybody has, fewer than would hurt. */
const MAX_CONNECTIONS = 100

/**
 * Serves `/metrics` (Prometheus) and `/healthz`: 200 while at least one entry is open and none is
 * refused, else 503 with the reasons.
 * @throws StreamError `exporter-unusable` where it cannot listen
 */
export async function startMetrics(options: MetricsOptions): Promise<MetricsServer> {
  const { host, port, snapshot, version } = options
  const registry = await createRegistry(version)

  const reply = async ({ url = '', method = '' }: IncomingMessage): Promise<Reply> => {
    const path = url.split('?', 1)[0]
    if (path !== '/metrics' && path !== '/healthz') return text(404, 'try /metrics or /healthz')
    if (method !== 'GET' && method !== 'HEAD') {
      return { ...text(405, 'only GET and HEAD'), headers: { Allow: 'GET, HEAD' } }
    }
    if (path === '/metrics') {
      const body = await registry.render(snapshot())
      return { status: 200, type: registry.contentType, body }
    }
    const health = healthOf(snapshot())
    const body = `${printableJson(JSON.stringify(health))}\n`
    return { status: health.ok ? 200 : 503, type: 'application/json', body }
  }
  const answer: RequestListener = (request, response) => {
    reply(request)
      .catch((error: unknown) => text(500, `this should not happen: ${printable(String(error))}`))
      .then(({ status, type, body, headers }) => {
        const length = Buffer.byteLength(body)
        response.writeHead(status, {
          'Content-Type': type,
          'Content-Length': length,
          'Cache-Control': 'no-store',
          ...headers,
        })
        response.end(body)
      })
  }

  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }, answer)
  server.maxConnections = MAX_CONNECTIONS
  server.listen({ host, port })
  try {
    await once(server, 'listening')
  } catch (error) {
    throw cannotListen(error, { host, port })
  }
  const { port: taken } = server.address() as AddressInfo
  return {
    url: listenUrl({ host, port: taken }),
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

type Reply = {
  readonly status: number
  readonly type: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

function text(status: number, sentence: string): Reply {
  return { status, type: 'text/plain; charset=utf-8', body: `${sentence}\n` }
}

function listenUrl({ host, port }: ListenAddress): string {
  return `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}

const LISTEN_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program has that port; choose another one',
  EACCES: 'this user may not take that port; choose one above 1023',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ENOTFOUND: 'that host name is not known',
}

function cannotListen(error: unknown, address: ListenAddress): StreamError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  return new StreamError(
    'exporter-unusable',
    `--metrics: cannot listen on ${listenUrl(address)}: ${LISTEN_FAULTS[code] ?? code}`,
    { cause: error },
  )
}
