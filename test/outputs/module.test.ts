import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openOutput } from '../../src/outputs/open-output.js'
import { fakeContext, fakeMessage, isPending } from '../helpers/export-fakes.js'
import { LOADER } from '../helpers/settings.js'
import { tempFolder } from '../helpers/temp-folder.js'

const { typescript = false } = process.features as { readonly typescript?: string | false }
/** tsx loads what Node itself refuses. */
const withTsx = LOADER.length > 0 && 'skipped: tsx loads it'
const noTypeScript = !typescript && 'skipped: this Node does not load TypeScript'

function open(t: TestContext, code: string, name = 'module.mjs', type?: string) {
  const cwd = tempFolder(t)
  if (type !== undefined) writeFileSync(join(cwd, 'package.json'), JSON.stringify({ type }))
  writeFileSync(join(cwd, name), code)
  const context = fakeContext({ cwd })
  return { context, opening: openOutput(`./${name}`, context) }
}

const seen = globalThis as typeof globalThis & { seen?: unknown[] }

test("a module's default export is called with record and context, after open and before close", async (t) => {
  seen.seen = []
  const { context, opening } = open(
    t,
    `export async function open({ topics, log, signal }) {
       await null
       globalThis.seen.push(['open', topics, typeof log.info, signal.aborted])
     }
     export default (message, context) => { globalThis.seen.push([message, context]) }
     export async function close() { globalThis.seen.push('close') }`,
  )
  const output = await opening
  const message = fakeMessage('A', 1)
  void output.write([message])
  assert.equal(context.counters.delivered, 1, 'a plain function is not waited for')
  await output.close()
  const { customer, topic, frame, record } = message
  assert.deepEqual(seen.seen, [
    ['open', ['monitoring'], 'function', false],
    [record, { customer, topic, frame, signal: context.overdue, options: {} }],
    'close',
  ])
  assert.deepEqual(context.counters, { delivered: 1, retried: 0, givenUp: 0, kept: 0, waiting: 0 })
})

test('an export function is awaited where it returns a promise or another thenable', async (t) => {
  const { context, opening } = open(
    t,
    `export default ({ data }) => data.n === 1
       ? new Promise((resolve) => { globalThis.resolveExport = resolve })
       : { then: (resolve) => { resolve() } }`,
  )
  const output = await opening
  const first = output.write([fakeMessage('A', 1)])
  assert.equal(context.counters.waiting, 1)
  const { resolveExport } = globalThis as typeof globalThis & { resolveExport?: () => void }
  resolveExport?.()
  await first
  await output.write([fakeMessage('A', 2)])
  assert.deepEqual(context.counters, { delivered: 2, retried: 0, givenUp: 0, kept: 0, waiting: 0 })
})

test('a module gives up the message where the function throws whatever it likes, and goes on', async (t) => {
  const throws: readonly [code: string, shown: RegExp][] = [
    ['throw new Error("no \\u001b[31mroom\\nsecond line")', /: no \\u001b\[31mroom$/],
    ['return Promise.reject(new TypeError("later"))', /: later \(at module\.mjs:1:\d+\)$/],
    ['return undefined.x', /\(reading 'x'\) \(at module\.mjs:1:\d+\)$/],
    ['throw undefined', /: it threw undefined$/],
    ['throw "text"', /: it threw text$/],
    ['throw Object.create(null)', /: it threw something that cannot be shown$/],
    [
      'throw Object.defineProperty(new Error(), "message", { get() { throw 1 } })',
      /: it threw something that cannot be shown$/,
    ],
    ['return { get then() { throw new Error("getter") } }', /: getter$/],
    ['return { then() { throw new Error("then") } }', /: then$/],
  ]
  const cases = throws.map(([code]) => `() => { ${code} }`).join(',')
  const { context, opening } = open(
    t,
    `const cases = [${cases}]
     export default ({ data }) => cases[data.n]?.()`,
  )
  const output = await opening
  for (const n of throws.keys()) await output.write([fakeMessage('A', n)])
  await output.write([fakeMessage('A', 99)])
  for (const [n, [, shown]] of throws.entries()) {
    const { message, error } = context.givenUp[n] ?? assert.fail(`case ${n} was not given up`)
    assert.equal(message.record.data.n, n)
    assert.equal(error.code, 'export-failed')
    assert.match(error.message, shown)
    assert.match(error.message, /^\.\/module\.mjs: /)
  }
  assert.deepEqual(context.counters, { delivered: 1, retried: 0, givenUp: 9, kept: 0, waiting: 0 })
})

test('a close that returns at once is in time where a delivery hangs until the end', async (t) => {
  const { context, opening } = open(
    t,
    `export default () => new Promise(() => {})
     export async function close() {}`,
  )
  const output = await opening
  const hanging = output.write([fakeMessage('A', 1)])
  context.expire()
  await hanging
  await output.close()
  assert.equal(context.givenUp.length, 1)
  assert.deepEqual(context.logged, [])
})

test('a module gives up what hangs when the end has come, and does not wait for close', async (t) => {
  const { context, opening } = open(
    t,
    `export default () => new Promise(() => {})
     export const close = () => new Promise(() => {})`,
  )
  const output = await opening
  const hanging = [fakeMessage('A', 1), fakeMessage('B', 2)].map((m) => output.write([m]))
  const closing = output.close()
  context.expire()
  await Promise.all(hanging)
  assert.ok(await isPending(closing), 'it has until the cut')
  context.cut()
  await closing
  assert.equal(context.givenUp.length, 2)
  assert.ok(
    context.logged.some(({ message }) => /its close\(\) failed: it took longer/.test(message)),
  )
  await output.write([fakeMessage('A', 3)])
  assert.equal(context.counters.givenUp, 3)
})

/** A module whose calls settle when the test says so: `settle[n]()` of message n. */
const SETTLED_LATER = `
  globalThis.settle = {}
  globalThis.calls = []
  export default ({ data }) => {
    globalThis.calls.push(data.n)
    return new Promise((resolve, reject) => { globalThis.settle[data.n] = { resolve, reject } })
  }`
const later = globalThis as typeof globalThis & {
  settle: Record<number, { resolve(): void; reject(error: Error): void }>
  calls: number[]
}

test('a slow module gets no further call when the grace is over, and the call under way counts', async (t) => {
  const { context, opening } = open(t, SETTLED_LATER)
  const output = await opening
  const writing = output.write([1, 2, 3].map((n) => fakeMessage('A', n)))
  context.endGrace()
  const after = output.write([fakeMessage('B', 4)])
  assert.ok(await isPending(writing))
  later.settle[1]?.resolve()
  await Promise.all([writing, after])
  await output.close()
  assert.deepEqual(later.calls, [1])
  assert.equal(context.counters.delivered, 1)
  assert.deepEqual(
    context.givenUp.map(({ message, error }) => [message.record.data.n, error.message]),
    [4, 2, 3].map((n) => [n, 'not delivered before the end']),
  )
})

test('a call that asks for another try when the grace is over is given up for its own reason', async (t) => {
  const { context, opening } = open(t, SETTLED_LATER)
  const output = await opening
  const writing = output.write([1, 2].map((n) => fakeMessage('A', n)))
  context.endGrace()
  later.settle[1]?.reject(Object.assign(new Error('busy'), { retry: true }))
  await writing
  assert.deepEqual(later.calls, [1])
  assert.deepEqual(
    context.givenUp.map(({ error }) => error.message),
    ['./module.mjs: busy', 'not delivered before the end'],
  )
})

test("a module's signal aborts when a call under way is given up, not before", async (t) => {
  const { context, opening } = open(
    t,
    'export default (_, { signal }) => new Promise((resolve) => signal.onabort = resolve)',
  )
  const output = await opening
  const writing = output.write([fakeMessage('A', 1)])
  context.endGrace()
  assert.ok(await isPending(writing))
  context.expire()
  await writing
  assert.equal(context.counters.givenUp, 1)
})

test('a module that cannot be used is refused with the reason', async (t) => {
  const cases: readonly [code: string, shown: RegExp, name?: string][] = [
    ['export const x = 1', /its default export must be a function; got none/],
    ['export default { }', /must be a function; got object/],
    ['export default () => {}; export const open = 1', /"open" must be a function; got number/],
    [
      'export default () => {}; export const open = () => { throw new Error("no db") }',
      /its open\(\) failed: no db/,
    ],
    [
      'export default () => {}; export const open = async () => { throw null }',
      /its open\(\) failed: it threw null/,
    ],
    [
      'import { gone } from "node:fs"\nexport default 1',
      /does not provide an export named 'gone'.*\(at .*module\.mjs:1\)/,
    ],
    ['import "./gone.mjs"', /Cannot find module .*gone\.mjs/],
    ['throw new Error("at load")', /at load/],
    ['', /does not load "\.wat" files; Node 22\.18 and newer load TypeScript/, 'module.wat'],
    ['const a = = 1', /Unexpected token '='.*node --check .*module\.mjs/],
    ['const a = = 1', /Unexpected token '='.*\(at .*module\.cjs:1\)/, 'module.cjs'],
  ]
  for (const [code, shown, name = 'module.mjs'] of cases) {
    const { opening } = open(t, code, name)
    await assert.rejects(opening, (error: Error & { code?: string }) => {
      assert.equal(error.code, 'exporter-unusable')
      assert.match(error.message, shown)
      assert.ok(error.message.startsWith(`--export_data ./${name}: `))
      return true
    })
  }
  await assert.rejects(
    openOutput('./nowhere.mjs', fakeContext()),
    /there is no such file \(looked for \//,
  )
})

test('an ES module in a package of CommonJS is refused with what helps', {
  skip: withTsx,
}, async (t) => {
  for (const name of ['module.js', ...(typescript ? ['module.ts'] : [])]) {
    for (const code of ['export default () => {}', "import { ok } from 'node:assert'"]) {
      const { context, opening } = open(t, code, name, 'commonjs')
      await assert.rejects(opening, {
        message: new RegExp(
          `\\(at .*${name}:1\\); its package\\.json has "type": "commonjs": run "npm pkg set type=module" there, or name the file \\.m.s$`,
        ),
      })
      assert.equal(context.counters.delivered, 0)
    }
  }
})

test('a type that is imported as a value is refused with what helps', {
  skip: withTsx || noTypeScript,
}, async (t) => {
  const code = "import { Gone } from 'node:fs'\nexport default (x: Gone) => {}"
  const { opening } = open(t, code, 'module.mts')
  await assert.rejects(opening, /named 'Gone' .*; if that is a type, it takes "import type"$/)
})

test('a module may be CommonJS', async (t) => {
  const { context, opening } = open(t, 'module.exports = async () => {}', 'module.cjs')
  await (await opening).write([fakeMessage('A', 1)])
  assert.equal(context.counters.delivered, 1)
})

test('a module may be TypeScript where this Node loads it', async (t) => {
  const typed = 'export default async (message: object): Promise<void> => {}'
  const { context, opening } = open(t, typed, 'module.ts')
  if (typescript || LOADER.length > 0) {
    await (await opening).write([fakeMessage('A', 1)])
    assert.equal(context.counters.delivered, 1)
  } else {
    await assert.rejects(opening, /Node 22\.18 and newer load TypeScript, otherwise compile it to/)
  }
})

test('a module may be what TypeScript compiles to CommonJS', async (t) => {
  const { context, opening } = open(
    t,
    `Object.defineProperty(exports, '__esModule', { value: true })
     exports.default = () => {}`,
    'compiled.cjs',
  )
  const output = await opening
  await output.write([fakeMessage('A', 1)])
  assert.equal(context.counters.delivered, 1)
})
