import { once } from 'node:events'
import { STATUS_CODES } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { Clock } from '../clock.js'

/** The answer to a request. */
export type Page = {
  readonly status: number
  readonly type: string
  readonly body: Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

/** What a client asks for. */
export type PageRequest = {
  readonly method: string
  readonly target: string
  /** The `Host` header; undefined where there is none, or more than one. */
  readonly host: string | undefined
  /** Whether it has headers that browsers send, and programs do not. A script cannot take them away. */
  readonly byBrowser: boolean
}

type PageServerOptions = {
  readonly host: string
  readonly port: number
  readonly clock: Clock
  /** Never rejects. */
  readonly answer: (request: PageRequest) => Promise<Page>
}

export type PageServer = {
  /** The port that was taken. */
  readonly port: number
  /** How many connections are open. */
  connections(): number
  /** Cuts all connections. */
  close(): Promise<void>
}

/** Far more than there are scrapers in any setup. */
const MAX_CONNECTIONS = 100
/** From connecting to the end of the answer. Prometheus waits no longer by default. */
const CONNECTION_MS = 10_000
/** Bytes of a request's head. Those of scrapers have some hundred. */
const MAX_HEAD = 8192
/** Bytes that a client may send in all. */
const MAX_RECEIVED = 65_536

const HEAD_END = /\r?\n\r?\n/
const BROWSER = /^(?:accept-language|sec-fetch-\w+|origin|referer):/im
const REQUEST_LINE = /^([A-Z]+) (\S+) HTTP\/1\.[01]\r?\n/

/**
 * Serves pages over HTTP, one request a connection; what a client sends after that is thrown away. Not
 * with `node:http`: it handles all pipelined requests of a read at once, and some thousand of them stop
 * the streams for seconds.
 * @throws the error of `listen`
 */
export async function servePages(options: PageServerOptions): Promise<PageServer> {
  const { host, port, clock, answer } = options
  /** Open connections, the oldest first. */
  const open = new Set<Socket>()
  /** Those that wait for their answer. */
  const busy = new Set<Socket>()

  /** Closes the oldest idle connection, or the oldest of all, when there are too many. */
  const makeRoom = () => {
    if (open.size < MAX_CONNECTIONS) return
    const [oldest] = open
    const idle = [...open].find((socket) => !busy.has(socket))
    close(idle ?? oldest)
  }
  const close = (socket: Socket | undefined) => {
    if (!socket) return
    open.delete(socket)
    busy.delete(socket)
    socket.destroy()
  }

  // Half-open, since a client may end its side after the request.
  const server = createServer({ allowHalfOpen: true }, async (socket) => {
    makeRoom()
    open.add(socket)
    const timer = clock.setTimeout(() => close(socket), CONNECTION_MS)
    socket.on('close', () => {
      clock.clearTimeout(timer)
      close(socket)
    })
    socket.on('error', () => {})
    socket.on('finish', () => busy.delete(socket))
    const head = await receiveHead(socket)
    busy.add(socket)
    const [line = '', method = '', target = ''] = REQUEST_LINE.exec(head) ?? []
    const end = head.search(HEAD_END)
    const valid = line !== '' && end !== -1
    const fields = head.slice(0, end)
    const request = { method, target, host: hostIn(fields), byBrowser: BROWSER.test(fields) }
    const page = valid ? await answer(request) : BAD_REQUEST
    socket.write(headOf(page))
    if (method !== 'HEAD') socket.write(page.body)
    socket.end()
  })
  server.listen({ host, port })
  await once(server, 'listening')
  // Too few file descriptors for a connection must not end the program.
  server.on('error', () => {})
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => open.size,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of open) close(socket)
      await closed
    },
  }
}

/** A page of one line of text. */
export function textPage(status: number, line: string): Page {
  return { status, type: 'text/plain; charset=utf-8', body: Buffer.from(`${line}\n`) }
}

const BAD_REQUEST = textPage(
  400,
  `expected an HTTP request with a head of at most ${MAX_HEAD} bytes`,
)

/** Resolves with the bytes up to where the head is complete or too long, or the client ends. */
function receiveHead(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let head = ''
    let received = 0
    let complete = false
    const end = () => {
      complete = true
      resolve(head)
    }
    socket.on('data', (chunk) => {
      received += chunk.length
      if (received > MAX_RECEIVED) socket.destroy()
      if (complete) return
      head += chunk.toString('latin1')
      if (HEAD_END.test(head) || head.length > MAX_HEAD) end()
    })
    socket.on('end', end)
  })
}

function hostIn(head: string): string | undefined {
  const [first, ...others] = [...head.matchAll(/^host:(.*)$/gim)]
  return others.length === 0 ? first?.[1]?.trim() : undefined
}

function headOf({ status, type, body, headers }: Page): string {
  const fields = {
    'Content-Type': type,
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    Connection: 'close',
    Date: new Date().toUTCString(),
    ...headers,
  }
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n`
}
