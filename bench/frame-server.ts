/**
 * A process of its own, for other benches: sends so many golden realistic frames to every socket of
 * their topic, as fast as they are taken, then closes it with 1000. Over TLS, or without it if `plain` is given.
 */
import { readFileSync } from 'node:fs'
import { startCentral } from '../src/simulator/central.js'
import { certificates } from '../test/helpers/tls.js'

/** WebSocket frames in one write: the server is to cost next to nothing. */
const FRAMES_A_WRITE = 200

const framesOfEach = Number(process.argv[2])
const plain = process.argv[3] === 'plain'
const framesAWrite = Math.min(FRAMES_A_WRITE, framesOfEach)
const golden = new URL('../test/fixtures/golden/realistic.jsonl', import.meta.url)
const byTopic = new Map<string, Buffer[]>()
for (const line of readFileSync(golden, 'utf8').trimEnd().split('\n')) {
  const { topic, frame } = JSON.parse(line) as { topic: string; frame: string }
  byTopic.set(topic, [...(byTopic.get(topic) ?? []), Buffer.from(frame, 'base64')])
}

const { good, caFile } = await certificates()
const central = await startCentral(plain ? {} : { tls: good })
central.on('opened', async (socket) => {
  process.send?.({ opened: socket.topic })
  const frames = byTopic.get(socket.topic) ?? []
  const batch = Buffer.concat(
    Array.from({ length: framesAWrite }, (_, at) => onTheWire(frames[at % frames.length])),
  )
  for (let sent = 0; sent < framesOfEach; sent += framesAWrite) {
    await new Promise<void>((resolve) => socket.sendRaw(batch, resolve))
  }
  socket.close(1000)
})
process.on('disconnect', () => central.close())
process.send?.({ url: central.url, caFile })

/** An unmasked binary frame, as a server sends it. */
function onTheWire(payload: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(payload.length < 126 ? 2 : 4)
  header[0] = 0x82
  header[1] = Math.min(payload.length, 126)
  if (payload.length >= 126) header.writeUInt16BE(payload.length, 2)
  return Buffer.concat([header, payload])
}
