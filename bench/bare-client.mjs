/**
 * What receiving and writing cost without decoding: a `ws` client that writes a ready-made line for each
 * frame. The yardstick of `end-to-end.ts`, called with the server's URL; with `silent` it writes nothing.
 */
import { readFileSync } from 'node:fs'
import { WebSocket } from 'ws'

const [url, silent] = process.argv.slice(2)
const golden = new URL('../test/fixtures/golden/realistic.jsonl', import.meta.url)
const records = readFileSync(golden, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line))

const topics = [...new Set(records.map(({ topic }) => topic))].sort()

for (const [index, topic] of topics.entries()) {
  const customer = `Customer${index}_${topic}`
  const lines = records
    .filter((record) => record.topic === topic)
    .map(({ decoded }) => Buffer.from(`${JSON.stringify({ customer, ...decoded })}\n`))
  const headers = { Authorization: 'bench', Topic: topic }
  const address = `${url.replace(/^http/, 'ws')}/streaming/api`
  const socket = new WebSocket(address, { headers, perMessageDeflate: false })
  let received = 0
  socket.on('message', () => {
    const line = lines[received++ % lines.length]
    if (!silent) process.stdout.write(line)
  })
}
