import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { newCentralEntry, startNewCentral } from '../helpers/new-central.js'
import { startStream } from '../helpers/stream.js'
import { bytes } from '../helpers/wire.js'

/** Of the program, in MiB. It starts with a third of it. */
const HEAP = 64
const FRAMES = 100
const MIB = 1024 * 1024

const idOf = (id: string) => Buffer.concat([bytes(1, id), bytes(2, 'source')])

/** What the log says of a program with little memory, to which a server sends frames, and then an event. */
async function receive(
  t: TestContext,
  topic: string,
  frames: Iterable<Buffer>,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const central = await startNewCentral(t)
  const next = central.nextSocket()
  const input = { A: newCentralEntry(central, topic) }
  const nodeOptions = [`--max-old-space-size=${HEAP}`]
  const program = await startStream(t, central, ['--decode_data', '--no_reconnect'], {
    ...{ input, nodeOptions },
  })
  const socket = await next
  for (const frame of frames) await socket.send(frame)
  socket.close(1000)
  const { code, stdout, stderr } = await program.result
  assert.equal(code, 0, stderr.slice(0, 2_000))
  return { stdout, stderr }
}

test('ids of events that are as long as frames do not fill the memory, and still tell repeats', async (t) => {
  function* frames() {
    for (let n = 0; n < FRAMES; n++) yield idOf(`${n}`.padEnd(MIB, 'x'))
    for (const id of ['short', 'y'.repeat(MIB), 'short', 'y'.repeat(MIB)]) yield idOf(id)
  }
  const { stdout } = await receive(t, 'rssi-events', frames())
  assert.equal(stdout.split('\n').length, FRAMES + 2 + 1)
})

test('unknown types of events that are as long as frames do not fill the memory', async (t) => {
  function* frames() {
    for (let n = 0; n < FRAMES; n++) {
      yield Buffer.concat([idOf(`${n}`), bytes(4, `${n}`.padEnd(MIB, 'x')), bytes(6, 'abc')])
    }
  }
  const { stderr } = await receive(t, 'ap-events', frames())
  assert.match(stderr, new RegExp(`undecodable=${FRAMES} `))
})

test('an event with a million attributes costs itself alone', async (t) => {
  const odd = Buffer.alloc(2 * MIB, bytes(5))
  const { stdout, stderr } = await receive(t, 'rssi-events', [odd, idOf('next')])
  assert.match(stderr, /cannot be decoded: it has more than 1000 attributes/)
  assert.equal(JSON.parse(stdout).id, 'next')
})
