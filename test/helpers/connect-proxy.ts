import { connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

export type ProxyOptions = {
  /** What it answers to CONNECT in place of a tunnel, head and body; null for no answer at all. */
  readonly answer?: string | null
}

/** A proxy that knows CONNECT alone. */
export type TestProxy = {
  readonly url: string
  /** The heads of all requests so far. */
  readonly requests: string[]
  /** Connections of clients that are open now. */
  readonly open: ReadonlySet<Socket>
}

/** Starts a proxy that is closed when the test ends. */
export async function startProxy(t: TestContext, options: ProxyOptions = {}): Promise<TestProxy> {
  const requests: string[] = []
  const open = new Set<Socket>()
  const server = createServer((client) => {
    open.add(client)
    client.on('close', () => open.delete(client)).on('error', () => {})
    client.once('data', (head) => {
      requests.push(head.toString())
      if (options.answer === null) client.resume()
      else if (options.answer !== undefined) client.end(options.answer)
      else tunnel(client, head.toString())
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const client of open) client.destroy()
    await closed
  })
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return { url: `http://127.0.0.1:${port}`, requests, open }
}

function tunnel(client: Socket, head: string): void {
  const [, host = '', port = ''] = /^CONNECT ([^ ]+):(\d+) /.exec(head) ?? []
  const server = connect(Number(port), host, () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n')
    client.pipe(server).pipe(client)
  })
  server.on('error', () => client.destroy()).on('close', () => client.destroy())
  client.on('close', () => server.destroy())
}
