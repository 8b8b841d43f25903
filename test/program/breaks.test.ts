import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge, Rotation, sendAndBreak, topicOf } from '../helpers/breaks.js'
import { startCentral } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import { makeKey } from '../helpers/keys.js'
import { seededRandom } from '../helpers/random.js'
import { startRoughReceiver } from '../helpers/rough-receiver.js'
import { sized } from '../helpers/settings.js'
import { entryOf, startStream } from '../helpers/stream.js'
import { tempFolder } from '../helpers/temp-folder.js'

const ENTRIES = 20
const SECONDS = sized(6, 60)

test('connections that break, files that rotate and a receiver in trouble cost no message', async (t) => {
  const random = seededRandom(ENTRIES)
  const central = await startCentral(t)
  const receiver = await startRoughReceiver(random, sized(0.4, 0.15))
  t.after(() => receiver.close())
  const rotation = new Rotation(tempFolder(t))
  const keys = Array.from({ length: ENTRIES }, (_, n) => makeKey(`breaks-${n}`))
  const input = Object.fromEntries(keys.map((key, n) => [`E${n}`, entryOf(topicOf(n), key)]))
  const http = `${receiver.url}#batch=${sized(100, 1000)}`
  const outputs = ['--export_data', `json:${rotation.path}`, '--export_data', http]
  const program = await startStream(t, central, outputs, { input })
  await until(() => central.sockets.length === ENTRIES)

  const sent = await sendAndBreak({
    ...{ central, keys, random, seconds: SECONDS },
    messagesPerSecond: sized(500, 2000),
    breakMs: sized(1500, 5000),
    every: { ms: 1500, work: () => rotation.rotate(() => program.kill('SIGHUP')) },
  })
  receiver.calm()
  program.kill('SIGTERM')
  const { code, stderr } = await program.result

  const json = await rotation.read()
  const { whole, distinct, ...verdict } = judge(sent, json, receiver)
  assert.deepEqual(
    { ...verdict, sent: undefined, http: { ...verdict.http, twice: undefined } },
    {
      sent: undefined,
      json: { missing: 0, twice: 0, outOfOrder: 0 },
      http: { missing: 0, twice: undefined, unexplained: 0 },
    },
    JSON.stringify({ verdict, done: receiver.done }),
  )
  assert.equal(code, 0, stderr.slice(-2000))
  assert.ok(whole > SECONDS * 100, `${whole} messages`)
  assert.ok(sent.breaks > ENTRIES && json.files > 2)
  assert.ok(Object.keys(receiver.done).length > 1, JSON.stringify(receiver.done))
})
