/**
 * What receiving and writing cost without decoding: a `ws` client that writes a ready-made line for each
 * frame. The yardstick of `end-to-end.ts`, called with the server's URL.
 */
import { readFileSync } from 'node:fs'
import { WebSocket } from 'ws'
import { TOPICS } from '../src/classic/topics.js'

const golden = new URL('../test/fixtures/golden/realistic.jsonl', import.meta.url)
const records = readFileSync(golden, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as { topic: string; decoded: object })

for (const [index, topic] of TOPICS.entries()) {
  const customer = `Customer${index}_${topic}`
  const lines = records
    .filter((record) => record.topic === topic)
    .map(({ decoded }) => Buffer.from(`${JSON.stringify({ customer, ...decoded })}\n`))
  const url = `${process.argv[2]?.replace(/^http/, 'ws')}/streaming/api`
  const headers = { Authorization: 'bench', Topic: topic }
  const socket = new WebSocket(url, { headers, perMessageDeflate: false })
  let received = 0
  socket.on('message', () => {
    process.stdout.write(lines[received++ % lines.length] ?? '')
  })
}
