import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { Counts, Numbers } from './breaks.js'
import { closedPort } from './central.js'

/** A receiver of batches that is in trouble now and then. */
export type RoughReceiver = {
  readonly url: string
  /** What it has stored. */
  readonly numbers: Numbers
  /** By number, how often a batch with it was stored and its answer never came. */
  readonly unanswered: Counts
  /** How often it did what. */
  readonly done: Readonly<Record<string, number>>
  /** From now on it answers all. */
  calm(): void
  /** Closes it, half the time in the middle of a batch, and opens it on the same port after so long. */
  restart(downMs: number): Promise<void>
  close(): Promise<void>
}

type Trouble = 'busy' | 'limit' | 'cut' | 'lost' | 'late' | 'endless' | 'continue'
const TROUBLES: readonly Trouble[] = ['busy', 'limit', 'cut', 'lost', 'late', 'endless', 'continue']
/** A batch in the middle of which it should close is waited for no longer than this. */
const BATCH_MS = 5000
const BODY_MS = 100
/** A batch that is stored, and whose answer comes after this time: the connection is cut then. */
const LATE_MS = 2000

/** @param troubleShare of the batches: how many get trouble in place of an answer */
export async function startRoughReceiver(
  random: () => number,
  troubleShare = 0.15,
): Promise<RoughReceiver> {
  const numbers = new Numbers()
  const unanswered = new Counts()
  const done: Record<string, number> = {}
  let calm = false
  let next: Trouble | undefined
  const server = createServer(async (request, response) => {
    const trouble =
      next ??
      (calm || random() > troubleShare
        ? undefined
        : TROUBLES[Math.floor(random() * TROUBLES.length)])
    next = undefined
    done[trouble ?? 'fine'] = (done[trouble ?? 'fine'] ?? 0) + 1
    if (trouble === 'cut') return void request.once('data', () => request.socket.destroy())
    const body = await bodyOf(request)
    if (!body) return
    if (trouble === 'busy') return void response.writeHead(503).end('busy\n')
    if (trouble === 'limit') return void response.writeHead(429, { 'Retry-After': '1' }).end()
    const stored = numbers.add(gunzipSync(body).toString())
    answer(trouble, request, response)
    if (trouble !== 'lost' && trouble !== 'late') return
    for (const number of stored) unanswered.add(number)
  })
  // Nobody else gets it while the receiver is down.
  const port = await closedPort()
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }
  return {
    url: `http://127.0.0.1:${port}/in`,
    numbers,
    unanswered,
    done,
    calm() {
      calm = true
    },
    async restart(downMs) {
      if (random() < 0.5) {
        next = 'lost'
        const taken = once(server, 'request')
        await Promise.race([taken, sleep(BATCH_MS)])
        // The batch is stored when its body is there.
        await sleep(BODY_MS)
        next = undefined
      }
      await close()
      await sleep(downMs)
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
    close,
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
