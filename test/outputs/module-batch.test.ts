import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openModule } from '../../src/outputs/module.js'
import { until } from '../helpers/clock.js'
import { fakeContext, fakeMessage } from '../helpers/export-fakes.js'
import { tempFolder } from '../helpers/temp-folder.js'

const shared = globalThis as typeof globalThis & { batches?: number[][]; busy?: boolean }

async function open(t: TestContext, code: string) {
  const cwd = tempFolder(t)
  writeFileSync(join(cwd, 'module.mjs'), code)
  const context = fakeContext({ cwd })
  shared.batches = []
  return { context, output: await openModule('./module.mjs?size=5', context) }
}

const messages = Array.from({ length: 1000 }, (_, n) => fakeMessage(`c${n % 3}`, n))

test('exportBatch of a module gets records in order, and stands in place of a default export', async (t) => {
  const { context, output } = await open(
    t,
    `export async function exportBatch(records, { options, signal }) {
       if (options.size !== '5' || signal.aborted) throw new Error('no context')
       globalThis.batches.push(records.map(({ data }) => data.n))
     }`,
  )
  for (const message of messages) await output.write([message])
  await output.close()
  assert.deepEqual(
    shared.batches?.flat(),
    messages.map((_, n) => n),
  )
  assert.ok((shared.batches?.length ?? 0) < 10)
  assert.equal(context.counters.delivered, 1000)
  assert.equal(context.counters.waiting, 0)
})

test('the one record of 1,000 that exportBatch does not take is given up, the others come in order', async (t) => {
  const { context, output } = await open(
    t,
    `export function exportBatch(records) {
       const numbers = records.map(({ data }) => data.n)
       if (numbers.includes(617)) throw new Error('617 is odd')
       globalThis.batches.push(numbers)
     }`,
  )
  await output.write(messages)
  await until(() => context.counters.waiting === 0)
  await output.close()
  assert.deepEqual(
    shared.batches?.flat(),
    messages.flatMap((_, n) => (n === 617 ? [] : n)),
  )
  assert.equal(context.givenUp.length, 1)
  assert.equal(context.givenUp[0]?.error.message, './module.mjs: 617 is odd')
})

test('exportBatch gets no further call when the grace is over, not even for halves of a batch', async (t) => {
  const { context, output } = await open(
    t,
    `export const exportBatch = (records) => new Promise((_, reject) => {
       globalThis.batches.push(records.map(({ data }) => data.n))
       globalThis.refuse = () => reject(new Error('one is odd'))
     })`,
  )
  void output.write(messages)
  await until(() => shared.batches?.length === 1)
  context.endGrace()
  const { refuse } = globalThis as typeof globalThis & { refuse: () => void }
  refuse()
  await output.close()
  assert.equal(shared.batches?.length, 1)
  assert.equal(context.counters.givenUp, 1000)
  assert.equal(context.counters.waiting, 0)
})

for (const [name, code] of [
  ['the default export', 'export default ({ data }) => take([data.n])'],
  [
    'exportBatch',
    'export const exportBatch = (records) => take(records.map(({ data }) => data.n))',
  ],
] as const) {
  test(`what ${name} of a module throws with retry: true is tried again`, async (t) => {
    shared.busy = true
    const { context, output } = await open(
      t,
      `${code}
       function take(numbers) {
         if (globalThis.busy) throw Object.assign(new Error('locked'), { retry: true })
         globalThis.batches.push(numbers)
       }`,
    )
    const written = output.write(messages.slice(0, 10))
    await until(() => context.counters.retried > 2)
    assert.match(context.logged[0]?.message ?? '', /module\.mjs: locked; trying again/)
    assert.equal(context.state.up, false)
    shared.busy = false
    await written
    await output.close()
    assert.deepEqual(
      shared.batches?.flat(),
      Array.from({ length: 10 }, (_, n) => n),
    )
    assert.equal(context.counters.delivered, 10)
    assert.equal(context.state.up, true)
  })
}

test('a module that asks for retries without end gives up when the end has come', async (t) => {
  const { context, output } = await open(
    t,
    'export default () => { throw { retry: true, toString: () => "locked" } }',
  )
  const written = output.write(messages.slice(0, 3))
  await until(() => context.counters.retried > 0)
  context.expire()
  await written
  await output.close()
  assert.equal(context.counters.givenUp, 3)
  assert.ok(!context.logged.some(({ message }) => /works again/.test(message)))
  assert.equal(context.state.up, false)
})

test('a default export that asks for retries holds its entry up no longer than other outputs do', async (t) => {
  const { context, output } = await open(
    t,
    'export default () => { throw { retry: true, toString: () => "locked" } }',
  )
  const written = output.write(messages.slice(0, 3))
  await until(() => context.counters.retried > 0)
  context.endHold()
  await until(() => context.counters.givenUp === 3)
  await written
  await output.close()
  assert.equal(context.counters.waiting, 0)
  assert.deepEqual(
    context.givenUp.map(({ error }) => error.message),
    Array.from({ length: 3 }, () => './module.mjs: it threw locked'),
  )
})

test('a default export that works goes on when what is in trouble gives up', async (t) => {
  const { context, output } = await open(t, 'export default () => {}')
  context.endHold()
  await output.write(messages.slice(0, 3))
  await output.close()
  assert.equal(context.counters.delivered, 3)
})
