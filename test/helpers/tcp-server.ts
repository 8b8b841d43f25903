import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

export type TcpServer = {
  /** `127.0.0.1:PORT` */
  readonly authority: string
  /** Every connection so far. */
  readonly connections: readonly Socket[]
}

/**
 * A server for answers that no HTTP library gives: it meets each connection once the first bytes of its
 * request have come. Closed when the test ends.
 */
export async function startTcpServer(
  t: TestContext,
  meet: (socket: Socket, nth: number) => void,
): Promise<TcpServer> {
  const connections: Socket[] = []
  const server = createServer((socket) => {
    const nth = connections.push(socket.on('error', () => {}))
    socket.once('data', () => meet(socket, nth))
    socket.resume()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of connections) socket.destroy()
    await closed
  })
  return { authority: `127.0.0.1:${(server.address() as AddressInfo).port}`, connections }
}
