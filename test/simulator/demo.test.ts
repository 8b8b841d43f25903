import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ALL_TOPICS } from '../../src/service.js'
import { LOADER } from '../helpers/settings.js'

test('the demo prints records of every topic of both services and nothing else, until it is stopped', async (t) => {
  const script = fileURLToPath(new URL('../../scripts/demo.js', import.meta.url))
  const demo = spawn(process.execPath, [...LOADER, script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  t.after(() => demo.kill())
  const exit = once(demo, 'exit')
  const topics = new Set<string>()
  for await (const line of createInterface({ input: demo.stdout })) {
    const { customer, topic, data } = JSON.parse(line)
    assert.match(customer, /^Customer[ABC]_/)
    assert.equal(typeof data, 'object')
    topics.add(topic)
    // Once: a second signal would end the program at once, with code 1.
    if (topics.size === ALL_TOPICS.length && !demo.killed) demo.kill()
  }
  assert.deepEqual([...topics].sort(), [...ALL_TOPICS].sort())
  assert.deepEqual(await exit, [0, null])
})
