import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
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
  return { authority: `127.0.0.1:${await listen(t, server)}`, connections }
}

/**
 * Has a server listen on this machine. It is closed with its connections when the test ends.
 * @returns the port
 */
export async function listen(t: TestContext, server: Server): Promise<number> {
  const open = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket.on('close', () => open.delete(socket)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(async () => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of open) socket.destroy()
    await closed
  })
  return (server.address() as AddressInfo).port
}
