import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { CustomerEntry } from '../../src/input/entries.js'
import { parseHost } from '../../src/net/host.js'
import { Streams } from '../../src/pipeline/streams.js'
import { Secret } from '../../src/secret.js'

const ENTRY: CustomerEntry = {
  name: 'A',
  topic: 'audit',
  username: undefined,
  hostname: undefined,
  key: new Secret('k'),
  host: parseHost('http://127.0.0.1:1'),
}

test('an entry that was removed and comes back waits for what it had received', async () => {
  const runs: { signal: AbortSignal; end: () => void }[] = []
  const streams = new Streams({
    run: (_, signal) => new Promise((end) => runs.push({ signal, end })),
    stopping: new AbortController().signal,
    onFailure: () => assert.fail('nothing fails here'),
  })
  streams.start([ENTRY])
  await setImmediate()
  const stopped = streams.stop('A')
  streams.start([ENTRY])
  await setImmediate()
  assert.equal(runs.length, 1)
  assert.equal(runs[0]?.signal.aborted, true)
  runs[0]?.end()
  await stopped
  await setImmediate()
  assert.equal(runs.length, 2)
  assert.equal(runs[1]?.signal.aborted, false)
  runs[1]?.end()
  await streams.done
})
