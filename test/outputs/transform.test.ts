import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { messageId } from '../../src/outputs/output.js'
import { openTransform } from '../../src/outputs/transform.js'
import { fakeContext, fakeMessage, isPending } from '../helpers/export-fakes.js'
import { tempFolder } from '../helpers/temp-folder.js'

function open(t: TestContext, code: string) {
  const cwd = tempFolder(t)
  writeFileSync(join(cwd, 'transform.mjs'), code)
  const context = fakeContext({ cwd })
  return { context, opening: openTransform('./transform.mjs', context) }
}

test('a transform gets the record and its context, and what it returns goes on as record and line', async (t) => {
  const { context, opening } = open(
    t,
    `export default (record, context) => ({ ...record, context, n: -0, big: '9007199254740993', gone: undefined })`,
  )
  const message = fakeMessage('A', 1)
  const [made, ...others] = (await (await opening).apply(message)) ?? []
  const record = {
    ...message.record,
    context: { customer: 'A', topic: 'monitoring' },
    n: 0,
    big: '9007199254740993',
  }
  assert.deepEqual(made?.record, record)
  assert.equal(String(made?.line), `${JSON.stringify(record)}\n`)
  const { customer, topic, receivedAt, frame, timestamp } = message
  assert.deepEqual(
    [made?.customer, made?.topic, made?.receivedAt, made?.frame, made?.timestamp],
    [customer, topic, receivedAt, frame, timestamp],
  )
  assert.deepEqual([others, context.givenUp], [[], []])
})

test('a transform gets the type of an event of New Central', async (t) => {
  const { opening } = open(t, 'export default ({ id }, { type }) => ({ id, type })')
  const message = fakeMessage('A', 1)
  const type = 'com.hpe.greenlake.x'
  const { customer, data } = message.record
  const own = { id: 'e1', source: 's', type, timestamp: null, customer_id: 'c' }
  const record = { customer, topic: 'wids' as const, ...own, data }
  const event = { ...message, topic: 'wids' as const, record, identity: 's e1' }
  const [made] = (await (await opening).apply(event)) ?? []
  assert.equal(String(made?.line), '{"id":"e1","type":"com.hpe.greenlake.x"}\n')
  assert.equal(made && messageId(made), messageId(event))
})

test('a later change of the returned object changes neither record nor line', async (t) => {
  const { opening } = open(
    t,
    `const seen = {}
     export default ({ data }) => Object.assign(seen, { n: data.n })`,
  )
  const transform = await opening
  const [first] = (await transform.apply(fakeMessage('A', 1))) ?? []
  await transform.apply(fakeMessage('A', 2))
  assert.deepEqual([first?.record, String(first?.line)], [{ n: 1 }, '{"n":1}\n'])
})

test('a transform that returns nothing, null or an empty list lets nothing go on', async (t) => {
  for (const nothing of ['undefined', 'null', '[]', 'Promise.resolve()', 'Promise.resolve([])']) {
    const { context, opening } = open(t, `export default () => ${nothing}`)
    assert.deepEqual(await (await opening).apply(fakeMessage('A', 1)), [], nothing)
    assert.equal(context.counters.givenUp, 0)
  }
})

test('ten records of one frame go on in order, with an id for each', async (t) => {
  const { opening } = open(
    t,
    'export default async () => Array.from({ length: 10 }, (_, n) => ({ n }))',
  )
  const message = fakeMessage('A', 1)
  const made = (await (await opening).apply(message)) ?? []
  assert.deepEqual(
    made.map(({ line }) => String(line)),
    Array.from({ length: 10 }, (_, n) => `{"n":${n}}\n`),
  )
  const id = messageId(message)
  const rest = [2, 3, 4, 5, 6, 7, 8, 9, 10].map((part) => `${id}.${part}`)
  assert.deepEqual(made.map(messageId), [id, ...rest])
})

test('a transform that throws or returns garbage gives up the message, and nothing of it goes on', async (t) => {
  const expected = 'expected a record, a list of records or nothing; got '
  const cases: readonly [code: string, why: string][] = [
    ['throw new Error("no\\nroom")', 'no'],
    ['return Promise.reject(new Error("later"))', 'later'],
    ['throw undefined', 'it threw undefined'],
    ['return "text"', `${expected}string`],
    ['return 7', `${expected}number`],
    ['return false', `${expected}boolean`],
    ['return Promise.resolve("text")', `${expected}string`],
    ['return [{ n: 1 }, "text"]', `${expected}string at 1 of its list`],
    ['return [{ n: 1 }, undefined]', `${expected}undefined at 1 of its list`],
    ['return [, { n: 1 }]', `${expected}undefined at 0 of its list`],
    ['return [null]', `${expected}null at 0 of its list`],
    ['return [[{ n: 1 }]]', `${expected}a list at 0 of its list`],
    [
      'return [Promise.resolve({})]',
      `${expected}a promise, which has to be awaited, at 0 of its list`,
    ],
    ['return {}', `${expected}an object that is empty as JSON`],
    ['return new Map([[1, 2]])', `${expected}an object that is empty as JSON`],
    ['return new Date()', `${expected}an object that is none as JSON`],
    ['return { toJSON() {} }', `${expected}an object that is none as JSON`],
    ['return { n: 1n }', 'Do not know how to serialize a BigInt'],
    [
      'const own = { n: 1 }; own.own = own; return [{ n: 1 }, own]',
      'Converting circular structure to JSON',
    ],
    ['return { get n() { throw new Error("getter") } }', 'getter'],
  ]
  const bodies = cases.map(([code]) => `() => { ${code} }`).join(',')
  const { context, opening } = open(
    t,
    `const cases = [${bodies}]
     export default ({ data }) => cases[data.n]?.() ?? { ok: true }`,
  )
  const transform = await opening
  for (const [n, [code, why]] of cases.entries()) {
    const message = fakeMessage('A', n)
    assert.equal(await transform.apply(message), undefined, code)
    const last = context.givenUp.at(-1)
    assert.equal(last?.message, message)
    assert.equal(last?.error.code, 'export-failed')
    assert.equal(last?.error.message, `./transform.mjs: ${why}`)
  }
  const made = await transform.apply(fakeMessage('A', 99))
  assert.equal(made?.length, 1, 'it goes on with the next message')
  assert.equal(context.counters.givenUp, cases.length)
})

test('what the engine throws in a transform is given up with its place', async (t) => {
  const { context, opening } = open(
    t,
    `const first = ({ data }) => data.none.x
     export default async (record) => {
       await null
       return first(record)
     }`,
  )
  assert.equal(await (await opening).apply(fakeMessage('A', 1)), undefined)
  assert.equal(
    context.givenUp[0]?.error.message,
    "./transform.mjs: Cannot read properties of undefined (reading 'x') (at transform.mjs:1:39)",
  )
})

test('a transform that never settles is given up when the end has come', async (t) => {
  const { context, opening } = open(t, 'export default () => new Promise(() => {})')
  const pending = (await opening).apply(fakeMessage('A', 1))
  assert.ok(await isPending(pending))
  context.expire()
  assert.equal(await pending, undefined)
  assert.match(context.givenUp[0]?.error.message ?? '', /longer than the end/)
})

test('a slow transform gets no further call when the grace is over, and the call under way counts', async (t) => {
  const { context, opening } = open(
    t,
    `globalThis.transforms = []
     export default (record) => new Promise((resolve) => {
       globalThis.transforms.push(() => resolve(record))
     })`,
  )
  const { apply } = await opening
  const first = apply(fakeMessage('A', 1))
  context.endGrace()
  const second = apply(fakeMessage('A', 2))
  const { transforms } = globalThis as typeof globalThis & { transforms: (() => void)[] }
  transforms[0]?.()
  assert.equal((await first)?.length, 1)
  assert.equal(await second, undefined)
  assert.equal(transforms.length, 1)
  assert.deepEqual(
    context.givenUp.map(({ error }) => error.message),
    ['./transform.mjs: not transformed before the end'],
  )
})

test('a module that is missing, broken or without a function is refused with path and reason', async (t) => {
  const cases: readonly [code: string, why: RegExp][] = [
    ['export default {}', /its default export must be a function; got object$/],
    ['export const transform = () => {}', /its default export must be a function; got none$/],
    ['export default (', /Unexpected/],
    ['throw new Error("no luck")', /no luck$/],
  ]
  for (const [code, why] of cases) {
    const { opening } = open(t, code)
    await assert.rejects(opening, (error: Error & { code?: string; exitCode?: number }) => {
      assert.deepEqual([error.code, error.exitCode], ['exporter-unusable', 2])
      assert.match(error.message, /^--transform \.\/transform\.mjs: /)
      assert.match(error.message, why)
      return true
    })
  }
  const missing = openTransform('./none.mjs', fakeContext({ cwd: tempFolder(t) }))
  await assert.rejects(missing, /^StreamError: --transform \.\/none\.mjs: there is no such file/)
})
