import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { systemClock } from '../../src/clock.js'
import { feedTraffic } from '../../src/simulator/feed.js'
import { newCentralTraffic } from '../../src/simulator/traffic.js'
import { startNewCentral } from '../helpers/new-central.js'
import { tempFolder } from '../helpers/temp-folder.js'
import { certificates } from '../helpers/tls.js'

/** A Python that has Aruba's SDK, `pip install pycentral==2.0a25`. */
const PYTHON = process.env.PYCENTRAL_PYTHON ?? 'python3'
const SCRIPT = fileURLToPath(new URL('../../examples/pycentral_streams.py', import.meta.url))
const hasSdk = spawnSync(PYTHON, ['-c', 'import pycentral.streaming']).status === 0

/** The streams that this version of the SDK knows. */
const STREAMS = [
  'alert-events',
  'ap-events',
  'audit-trail-events',
  'clients-events',
  'geofence',
  'location',
  'rssi-events',
  'switch-events',
]

test('Aruba’s SDK gets a token over TLS, and decodes the events of all its streams', {
  skip: !hasSdk && 'skipped: pycentral is not installed',
}, async (t) => {
  for (const type_url of ['short', 'long', 'bare'] as const) {
    const { good } = await certificates()
    const central = await startNewCentral(t, { type_url }, { tls: good })
    const stopping = new AbortController()
    t.after(() => stopping.abort())
    const pace = { rate: 50, signal: stopping.signal, clock: systemClock }
    feedTraffic(
      central,
      newCentralTraffic(systemClock, () => central.newCentral.settings),
      pace,
    )
    const caFile = join(tempFolder(t), 'ca.pem')
    await writeFile(caFile, good.cert)
    const { stdout } = await promisify(execFile)(
      PYTHON,
      [SCRIPT, central.url, 'client', 'secret'],
      // Its requests for a token verify the certificate; its WebSockets verify none.
      { env: { ...process.env, REQUESTS_CA_BUNDLE: caFile } },
    )
    const streams = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(streams.map(({ stream }) => stream).sort(), STREAMS)
    for (const { stream, events } of streams) {
      assert.equal(events.length, 3, stream)
      for (const event of events) assert.ok(Object.keys(event).length > 0, stream)
    }
    assert.equal(central.tokenRequests[0]?.status, 200)
    stopping.abort()
  }
})
