import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, type TestContext, test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import { topicsPage } from '../../scripts/topics-page.js'
import { TOPICS } from '../../src/classic/topics.js'
import { FACTS } from '../../src/commands/topic-facts.js'
import { topics } from '../../src/commands/topics.js'
import type { Program } from '../../src/program.js'
import { ALL_TOPICS } from '../../src/service.js'
import { Shutdown } from '../../src/shutdown.js'
import { displayWidth } from '../../src/text.js'
import { tableRows } from '../helpers/docs.js'
import { runHere } from '../helpers/here.js'
import { ROOT } from '../helpers/settings.js'

type Field = { readonly field: string; readonly type: string; readonly unit: string | null }

/** What the command prints, on a terminal of so many columns or into a pipe. */
async function print(topic: string | undefined, { json = false, columns = 0 } = {}) {
  const stream = new PassThrough()
  let printed = ''
  stream.setEncoding('utf8').on('data', (text: string) => {
    printed += text
  })
  const program = {
    shutdown: new Shutdown(() => {}),
    stdout: { stream, terminal: columns > 0, colour: columns > 0 },
    screen: { columns: () => columns },
  } as unknown as Program
  assert.equal(await topics({ topic, json }, program), 0)
  return printed
}

async function fieldsOf(topic: string): Promise<Field[]> {
  return JSON.parse(await print(topic, { json: true })).fields
}

/** Paths of all values in a record, lists as `[]`. */
function leaves(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => leaves(each, `${path}[]`))
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([name, each]) =>
    leaves(each, path ? `${path}.${name}` : name),
  )
}

describe('topics', () => {
  test('names the eighteen topics of both services with what they tell', async () => {
    const text = await print(undefined)
    for (const topic of ALL_TOPICS) {
      assert.match(text, new RegExp(`^${topic} +.*${FACTS[topic].about.slice(0, 30)}`, 'm'))
    }
    const json = JSON.parse(await print(undefined, { json: true }))
    assert.deepEqual(
      json.map(({ topic }: { topic: string }) => topic),
      ALL_TOPICS,
    )
    for (const { service, licence, cadence, about } of json) {
      assert.match(service, /^(Classic|New) Central$/)
      for (const said of [licence, cadence, about]) assert.ok(said.length > 5)
    }
  })

  for (const topic of ALL_TOPICS) {
    test(`describes every value of the example of ${topic}`, async () => {
      const { fields, example } = JSON.parse(await print(topic, { json: true }))
      assert.equal(example.topic, topic)
      const known = new Set(fields.map(({ field }: Field) => field))
      const objects = fields.filter(({ type }: Field) => type === 'object')
      const unknown = leaves(example).filter(
        (path) =>
          !known.has(path) &&
          !known.has(path.replace(/\.[^.]+$/, '.*')) &&
          !path.endsWith('.af') &&
          !objects.some(({ field }: Field) => path.startsWith(`${field}.`)),
      )
      assert.deepEqual(unknown, [])
    })
  }

  test('tells the units that differ: dBm and dB, nanoseconds, milliseconds and seconds', async () => {
    const presence = await fieldsOf('presence')
    const monitoring = await fieldsOf('monitoring')
    const unit = (fields: readonly Field[], name: string) =>
      fields.find(({ field }) => field === name)?.unit
    assert.equal(unit(presence, 'timestamp'), 'ns since the epoch')
    assert.equal(unit(presence, 'data.timestamp'), 'ms since the epoch')
    assert.equal(unit(presence, 'data.pa_rssi_event.rssi[].rssi_val'), 'dBm, negative')
    assert.equal(unit(monitoring, 'data.timestamp'), 's since the epoch')
    assert.equal(unit(monitoring, 'data.client_stats[].signal_in_db'), 'dB, positive')
    assert.equal(unit(await fieldsOf('gw-events'), 'data.gateway_state.timestamp'), 'RFC 3339')
    assert.equal(
      unit(await fieldsOf('rssi-events'), 'data.raw_rssi.rssi_val'),
      'not known, nor the sign',
    )
  })

  test('prints a whole path, type, unit and meaning a line into a pipe, without colours', async () => {
    const text = await print('presence')
    assert.equal(stripVTControlCharacters(text), text)
    assert.match(
      text,
      /^data\.pa_proximity_event\.proximity\[\]\.rssi_val +int32 +dBm, negative +How strong .*\.$/m,
    )
  })

  for (const columns of [72, 80, 120]) {
    test(`fits a terminal of ${columns} columns`, async () => {
      for (const topic of [undefined, ...ALL_TOPICS]) {
        const text = stripVTControlCharacters(await print(topic, { columns }))
        // The example is JSON, whose strings are not cut.
        const lines = text.replace(/\nAn example of.*/s, '').split('\n')
        const isOneWord = (line: string) => !/\S\s+\S/.test(line)
        const long = lines.filter((line) => displayWidth(line) > columns && !isOneWord(line))
        assert.deepEqual(long, [], topic)
      }
    })
  }

  test('suggests a topic with a similar name, and what others call one', async (t) => {
    const said = async (t: TestContext, name: string) => {
      const { code, stdout, stderr } = await runHere(t, ['topics', name]).result
      assert.deepEqual([code, stdout], [2, ''])
      return stderr
    }
    assert.match(await said(t, 'presense'), /there is no topic "presense"; did you mean presence\?/)
    assert.match(await said(t, 'rssi'), /did you mean presence or rssi-events\?/)
    assert.match(await said(t, 'zzzz'), /the topics are apprf, audit, /)
  })

  test('takes no second topic and no option of others', async (t) => {
    const second = await runHere(t, ['topics', 'presence', 'audit']).result
    assert.equal(second.code, 2)
    const other = await runHere(t, ['topics', '--readable']).result
    assert.match(other.stderr, /--readable is no option of topics, but of/)
  })
})

test('docs/topics.md is what the schemas and the command say', () => {
  const text = readFileSync(join(ROOT, 'docs/topics.md'), 'utf8')
  assert.equal(text, topicsPage(), 'run npm run generate')
})

test('the README says of a topic of Classic Central what the command says', () => {
  assert.deepEqual(
    tableRows('table', 'topics'),
    TOPICS.map((topic) => [`\`${topic}\``, FACTS[topic].about, FACTS[topic].cadence]),
  )
})
