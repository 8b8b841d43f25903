import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readText } from '../../src/input/read-text.js'
import { untilTicked } from '../helpers/clock.js'
import { makeKey } from '../helpers/keys.js'
import { makePipe, openWriter } from '../helpers/pipe.js'
import { LOADER } from '../helpers/settings.js'
import { load } from './problems.js'

test('a pipe is read whole, however slowly and in whatever pieces it is written', async (t) => {
  const path = await makePipe(t)
  const text = JSON.stringify({
    customers: Object.fromEntries(
      Array.from({ length: 400 }, (_, n) => [`e${n}`, { wsskey: makeKey(`${n}`), topic: 'audit' }]),
    ),
  })
  assert.ok(text.length > 65_536)
  const reading = load(path)
  const writer = await openWriter(path)
  for (let at = 0; at < text.length; at += 50_000) {
    for (let left = Buffer.from(text.slice(at, at + 50_000)); left.length > 0; ) {
      const written = await writer.write(left).then(
        ({ bytesWritten }) => bytesWritten,
        () => 0,
      )
      left = left.subarray(written)
      await sleep(5)
    }
  }
  await writer.close()
  const { entries, warnings } = await reading
  assert.equal(entries.length, 400)
  assert.deepEqual(warnings, [])
})

test('a pipe into which nothing is written is given up with a clear message', async (t) => {
  const path = await makePipe(t)
  t.mock.timers.enable({ apis: ['setTimeout'] })
  for (const hasWriter of [false, true]) {
    let ended = false
    const silent = assert
      .rejects(load(path), {
        code: 'input-invalid',
        message: `${path}: nothing was written into this pipe for 30 s; expected the input file`,
      })
      .finally(() => {
        ended = true
      })
    const writer = hasWriter ? await openWriter(path) : undefined
    await untilTicked(t, 10_000, () => ended)
    await silent
    await writer?.close()
  }
})

test('a pipe that is closed without a byte is an empty file', async (t) => {
  const path = await makePipe(t)
  const reading = assert.rejects(readText(path), /it is empty/)
  const writer = await openWriter(path)
  await writer.close()
  await reading
})

test('waiting for a writer ends with the signal', async (t) => {
  const path = await makePipe(t)
  const stop = new AbortController()
  const reading = assert.rejects(load(path, { signal: stop.signal }), /the end/)
  const writer = await openWriter(path)
  stop.abort(new Error('the end'))
  await reading
  await writer.close()
  await assert.rejects(load(path, { signal: stop.signal }), /the end/)
})

test('a process that waits for a writer can exit', async (t) => {
  const path = await makePipe(t)
  const module = new URL('../../src/input/read-text.js', import.meta.url).href
  const script = `
    const { readText } = await import(${JSON.stringify(module)})
    void readText(${JSON.stringify(path)})
    setTimeout(() => process.exit(7), 100)`
  const child = spawn(process.execPath, [...LOADER, '--input-type=module', '--eval', script], {
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 60_000,
  })
  assert.deepEqual(await once(child, 'exit'), [7, null])
})
