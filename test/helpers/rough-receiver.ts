import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { Numbers } from './breaks.js'

/** A receiver of batches that is in trouble now and then. */
export type RoughReceiver = {
  readonly url: string
  /** What it has stored. */
  readonly numbers: Numbers
  /** By number, how often a batch with it was stored and its answer never came. */
  readonly unanswered: number[]
  /** How often it did what. */
  readonly done: Readonly<Record<string, number>>
  /** From now on it answers all. */
  calm(): void
  close(): Promise<void>
}

type Trouble = 'busy' | 'limit' | 'cut' | 'lost' | 'late' | 'endless' | 'continue'
const TROUBLES: readonly Trouble[] = ['busy', 'limit', 'cut', 'lost', 'late', 'endless', 'continue']
const TROUBLE_SHARE = 0.15
/** A batch that is stored, and whose answer comes after this time: the connection is cut then. */
const LATE_MS = 2000

export async function startRoughReceiver(random: () => number): Promise<RoughReceiver> {
  const numbers = new Numbers()
  const unanswered: number[] = []
  const done: Record<string, number> = {}
  let calm = false
  const server = createServer(async (request, response) => {
    const trouble =
      calm || random() > TROUBLE_SHARE
        ? undefined
        : TROUBLES[Math.floor(random() * TROUBLES.length)]
    done[trouble ?? 'fine'] = (done[trouble ?? 'fine'] ?? 0) + 1
    if (trouble === 'cut') return void request.once('data', () => request.socket.destroy())
    const body = await bodyOf(request)
    if (!body) return
    if (trouble === 'busy') return void response.writeHead(503).end('busy\n')
    if (trouble === 'limit') return void response.writeHead(429, { 'Retry-After': '1' }).end()
    const stored = numbers.add(gunzipSync(body).toString())
    answer(trouble, request, response)
    if (trouble !== 'lost' && trouble !== 'late') return
    for (const number of stored) unanswered[number] = (unanswered[number] ?? 0) + 1
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`,
    numbers,
    unanswered,
    done,
    calm() {
      calm = true
    },
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

function answer(
  trouble: Trouble | undefined,
  { socket }: IncomingMessage,
  response: ServerResponse,
): void {
  if (trouble === 'lost') socket.destroy()
  else if (trouble === 'late') setTimeout(() => socket.destroy(), LATE_MS)
  // The body of this answer never ends.
  else if (trouble === 'endless') response.writeHead(200).write('stored')
  else {
    if (trouble === 'continue') response.writeContinue()
    response.writeHead(204).end()
  }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  try {
    for await (const chunk of request) chunks.push(chunk)
  } catch {
    return undefined
  }
  return Buffer.concat(chunks)
}
