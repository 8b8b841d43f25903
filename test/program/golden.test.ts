import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { TOPICS, type Topic } from '../../src/classic/topics.js'
import type { CentralOptions } from '../../src/simulator/central.js'
import { startCentral } from '../helpers/central.js'
import { allGolden, normal } from '../helpers/golden.js'
import { streamHere } from '../helpers/here.js'
import type { ProgramOptions } from '../helpers/program.js'
import { entryOf, type Printed, printed, startStream } from '../helpers/stream.js'
import { certificates } from '../helpers/tls.js'

const golden = allGolden()
const of = (topic: Topic) => golden.filter((each) => each.topic === topic)
const nameOf = (topic: Topic) => `Customer_${topic}`

/** Sends all frames, one entry a topic, and returns what the program printed of each entry. */
async function stream(
  t: TestContext,
  args: readonly string[],
  {
    tls,
    env,
    start = startStream,
  }: Pick<CentralOptions, 'tls'> &
    Pick<ProgramOptions, 'env'> & { start?: typeof startStream | typeof streamHere } = {},
): Promise<Map<Topic, Printed[]>> {
  const central = await startCentral(t, tls ? { tls } : {})
  const input = Object.fromEntries(TOPICS.map((topic) => [nameOf(topic), entryOf(topic)]))
  const options = env ? { input, env } : { input }
  const program = await start(t, central, ['--no_reconnect', ...args], options)
  await Promise.all(
    TOPICS.map(async (topic) => {
      const socket = await central.waitForSocket({ topic })
      await socket.sendAll(of(topic).map(({ frame }) => frame))
      socket.close(1000)
    }),
  )
  const { code, stdout, stderr } = await program.result
  assert.equal(code, 0, stderr)
  const records = printed(stdout)
  assert.equal(records.length, golden.length)
  return new Map(
    TOPICS.map((topic) => [topic, records.filter(({ customer }) => customer === nameOf(topic))]),
  )
}

function requireGolden(records: Map<Topic, Printed[]>): void {
  assert.equal(golden.length, 312)
  for (const topic of TOPICS) {
    const expected = of(topic).map(({ decoded }) => ({ customer: nameOf(topic), ...decoded }))
    assert.ok(expected.length > 0, `no golden frame of ${topic}: add some to test/fixtures/golden`)
    assert.deepEqual(records.get(topic), normal(expected), topic)
  }
}

test('prints the 312 golden frames as the reference decodes them, in order per entry', async (t) => {
  requireGolden(await stream(t, ['--decode_data']))
})

test('prints them the same over TLS, and under the name that the README once gave', async (t) => {
  const { good, caFile } = await certificates()
  const env = { NODE_EXTRA_CA_CERTS: caFile }
  requireGolden(await stream(t, ['--decode_decode'], { tls: good, env }))
})

/** Every `{"addr": …}` in the order of the record. */
function addresses(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) =>
    name === 'addr' && typeof inner === 'string' ? [inner] : addresses(inner),
  )
}

test('shows with --readable every MAC address of a real-looking frame as text', async (t) => {
  const records = await stream(t, ['--readable', '--decode_data'], { start: streamHere })
  let macs = 0
  for (const topic of TOPICS) {
    const readable = records.get(topic) ?? []
    for (const [index, { decoded }] of of(topic).slice(0, 20).entries()) {
      const raw = addresses(decoded)
      const shown = addresses(readable[index]?.data)
      assert.equal(shown.length, raw.length)
      for (const [at, address] of raw.entries()) {
        const bytes = Buffer.from(address, 'base64')
        if (bytes.length !== 6 && bytes.length !== 12) continue
        const digits = bytes.length === 6 ? bytes.toString('hex') : bytes.toString()
        const expected = digits.toLowerCase().replace(/..(?=.)/g, '$&:')
        assert.equal(shown[at], expected)
        macs += 1
      }
    }
  }
  assert.ok(macs >= 50, `${macs} addresses were looked at`)
})
