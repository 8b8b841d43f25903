import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { TOPICS as CLASSIC_TOPICS } from '../../src/classic/topics.js'
import { TOPIC_FACTS, TOPICS } from '../../src/newcentral/topics.js'
import { until } from '../helpers/clock.js'
import { expectedRecord, goldenEvents } from '../helpers/event.js'
import { allGolden, normal } from '../helpers/golden.js'
import { runHere, streamHere } from '../helpers/here.js'
import { newCentralEntry, startNewCentral } from '../helpers/new-central.js'
import { entryOf, type Printed, printed, startStream } from '../helpers/stream.js'
import { tempFolder } from '../helpers/temp-folder.js'

const EVENTS = goldenEvents()
const KNOWN = EVENTS.filter(({ decoded }) => decoded.message !== null)
const UNKNOWN = EVENTS.filter(({ decoded }) => decoded.message === null)

/** A module that writes each record as JSON into the current folder. */
const MODULE = `
import { appendFileSync } from 'node:fs'
export default (record) => appendFileSync('objects.ndjson', JSON.stringify(record) + '\\n')
`

/** Both ways out: as the line is made from the bytes, and as the object is. */
const WAYS = {
  line: { args: ['--decode_data'], output: (_: string, stdout: string) => stdout },
  object: {
    args: ['--export_data', './module.mjs'],
    output: (cwd: string) => readFileSync(join(cwd, 'objects.ndjson'), 'utf8'),
  },
}

/** What is there of each topic, in the order of arrival. */
function byTopic(text: string): Map<string, Printed[]> {
  const topics = new Map<string, Printed[]>()
  for (const record of printed(text)) {
    topics.set(record.topic, [...(topics.get(record.topic) ?? []), record])
  }
  return topics
}

function requireGolden(text: string): void {
  const records = byTopic(text)
  for (const topic of TOPICS) {
    const expected = KNOWN.filter((event) => event.topic === topic)
    assert.ok(expected.length >= 20, topic)
    assert.deepEqual(
      records.get(topic),
      expected.map((event) => normal(expectedRecord(event, `A_${topic}`))),
      topic,
    )
  }
}

function folderWithModule(t: TestContext): string {
  const cwd = tempFolder(t)
  writeFileSync(join(cwd, 'module.mjs'), MODULE)
  return cwd
}

for (const [way, { args, output }] of Object.entries(WAYS)) {
  test(`the 532 golden events become what Python makes of them: as ${way}, live and after record and replay`, async (t) => {
    const cwd = folderWithModule(t)
    const central = await startNewCentral(t)
    const input = Object.fromEntries(
      TOPICS.map((topic) => [`A_${topic}`, newCentralEntry(central, topic)]),
    )
    const files = ['--record', 'frames.ndjson', '--dead_letter', 'dead.ndjson']
    const program = await streamHere(t, central, [...args, ...files], { input, cwd })
    for (const topic of TOPICS) {
      const { request } = await central.waitForSocket({ topic })
      assert.equal(request.path, TOPIC_FACTS[topic].path)
    }
    for (const { topic, bytes } of EVENTS) await central.broadcast(topic, bytes)
    const lines = (file: string) => readFileSync(join(cwd, file), 'utf8').trimEnd().split('\n')
    await until(() => lines('frames.ndjson').length === EVENTS.length)
    program.kill()
    const { code, stdout } = await program.result
    assert.equal(code, 0)
    requireGolden(output(cwd, stdout))

    const letters = lines('dead.ndjson').map((line) => JSON.parse(line))
    assert.deepEqual(
      letters.map(({ frame }) => frame).sort(),
      UNKNOWN.map(({ bytes }) => bytes.toString('base64')).sort(),
    )
    assert.ok(letters.every(({ reason }) => /the schema does not know message/.test(reason)))

    const again = folderWithModule(t)
    const replayed = await runHere(t, ['replay', join(cwd, 'frames.ndjson'), ...args], {
      cwd: again,
    }).result
    assert.equal(replayed.code, 1, 'two frames could not be decoded')
    requireGolden(output(again, replayed.stdout))
  })
}

test('six topics of Classic and twelve of New Central stream side by side, none missing, in order', async (t) => {
  const cwd = tempFolder(t)
  const central = await startNewCentral(t)
  const input = {
    ...Object.fromEntries(CLASSIC_TOPICS.map((topic) => [`A_${topic}`, entryOf(topic)])),
    ...Object.fromEntries(TOPICS.map((topic) => [`A_${topic}`, newCentralEntry(central, topic)])),
  }
  const args = ['--decode_data', '--log_level', 'debug', '--record', 'frames.ndjson']
  const program = await startStream(t, central, args, { input, cwd })
  await until(() => central.sockets.length === CLASSIC_TOPICS.length + TOPICS.length)
  assert.equal(central.tokenRequests.length, 1, 'one request serves all twelve entries')

  const classic = allGolden().map(({ topic, frame }) => ({ topic, bytes: frame }))
  const frames = [...classic, ...KNOWN]
  // Of all topics at once: none waits for another.
  await Promise.all(
    [...CLASSIC_TOPICS, ...TOPICS].map(async (topic) => {
      const own = frames.filter((each) => each.topic === topic)
      for (const { bytes } of own) await central.broadcast(topic, bytes)
    }),
  )
  await until(() => program.lines >= frames.length)
  program.kill()
  const { code, stdout } = await program.result
  assert.equal(code, 0)
  requireGolden(stdout)
  const records = byTopic(stdout)
  for (const topic of CLASSIC_TOPICS) {
    const sent = allGolden().filter((each) => each.topic === topic)
    const expected = sent.map(({ decoded }) => ({ customer: `A_${topic}`, ...decoded }))
    assert.deepEqual(records.get(topic), normal(expected), topic)
  }

  const replayed = runHere(t, ['replay', 'frames.ndjson', '--decode_data'], { cwd })
  assert.equal((await replayed.result).code, 0)
  assert.deepEqual(byTopic(replayed.stdout), records)
})
