import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import {
  type Central,
  type CentralOptions,
  startCentral as start,
} from '../../src/simulator/central.js'

/** A stand-in for Central that is closed when the test ends. */
export async function startCentral(t: TestContext, options: CentralOptions = {}): Promise<Central> {
  const central = await start(options)
  t.after(() => central.close())
  return central
}

/**
 * A server that accepts connections and never says a word: TLS handshakes stall. It is closed when
 * the test ends.
 */
export async function startSilentServer(
  t: TestContext,
): Promise<{ port: number; connections: Socket[] }> {
  const connections: Socket[] = []
  const server = createServer((socket) => {
    connections.push(socket)
    socket.on('error', () => {})
    // Read and dropped, so that the end of the client is seen.
    socket.resume()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of connections) socket.destroy()
    await closed
  })
  return { port: (server.address() as AddressInfo).port, connections }
}

/** Whether somebody listens on a port of 127.0.0.1. */
export async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

const FIRST_PORT = 10_000
const PORTS = 20_000
/** Test files run at the same time, in processes with different numbers: each begins far from the others. */
const STRIDE = 7919
let portsTried = 0

/**
 * A port on 127.0.0.1 on which nobody listens, never the same twice. No server that asks for port 0 gets
 * it: systems choose that one from higher ports.
 */
export async function closedPort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + ((process.pid * STRIDE + portsTried) % PORTS)
    portsTried += 1
    const server = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!isFree) continue
    await new Promise((resolve) => server.close(resolve))
    return port
  }
}
