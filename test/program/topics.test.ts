import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { encodeFrame } from '../../src/simulator/classic/encode.js'
import { startCentral } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import { runHere, streamHere } from '../helpers/here.js'
import { writeInput } from '../helpers/input.js'
import { makeKey } from '../helpers/keys.js'
import { makeSecret } from '../helpers/new-central.js'
import { entryOf, printed, startStream } from '../helpers/stream.js'
import { tempFolder } from '../helpers/temp-folder.js'

const frame = (topic: 'audit' | 'presence') =>
  encodeFrame(topic, {}, { timestamp: '1700000000000000000', customer_id: 'c'.repeat(32) })

const save = (path: string, customers: object) =>
  writeFile(path, JSON.stringify({ customers }), { mode: 0o600 })

test('the topics of one entry stream side by side; the record has the name of the entry', async (t) => {
  const central = await startCentral(t)
  const cwd = tempFolder(t)
  const wsskey = makeKey('list')
  const input = { A: { wsskey, topics: ['audit', 'presence'] } }
  const args = ['--decode_data', '--export_data', 'json:out/', '--log_level', 'debug']
  const program = await startStream(t, central, args, { input, cwd })
  await until(() => central.sockets.length === 2)
  for (const topic of ['audit', 'presence'] as const) await central.broadcast(topic, frame(topic))
  await until(() => program.lines === 2)
  assert.equal(central.validations.length, 1)
  program.kill()
  const { code, stdout, stderr } = await program.result
  assert.equal(code, 0)
  const records = printed(stdout).map(({ customer, topic }) => `${customer} ${topic}`)
  assert.deepEqual(records.sort(), ['A audit', 'A presence'])
  assert.deepEqual((await readdir(join(cwd, 'out'))).sort(), [
    'A.audit.ndjson',
    'A.presence.ndjson',
  ])
  assert.match(stderr, /A\.presence: connected/)
})

test('a renewed key is written to an entry with several topics', async (t) => {
  const [old, renewed] = [makeKey('old'), makeKey('renewed')]
  const central = await startCentral(t)
  central.keys.renew(old, renewed)
  const input = { A: { wsskey: old, topics: ['audit', 'presence'] }, B: entryOf('apprf', old) }
  const program = await streamHere(t, central, [], { input })
  await until(() => central.sockets.length === 3)
  const text = await readFile(program.path, 'utf8')
  assert.deepEqual(JSON.parse(text).customers, {
    A: { wsskey: renewed, topics: ['audit', 'presence'] },
    B: { ...input.B, wsskey: renewed },
  })
  assert.equal(central.validations.length, 1)
  program.kill()
  assert.equal((await program.result).code, 0)
})

test('a reload starts and stops single topics of an entry', async (t) => {
  const central = await startCentral(t)
  const wsskey = makeKey('topics')
  const input = { A: { wsskey, topics: ['audit', 'presence'] } }
  const program = await streamHere(t, central, [], { input })
  await until(() => central.sockets.length === 2)
  await save(program.path, { A: { wsskey, topics: ['apprf', 'audit'] } })
  program.kill('SIGHUP')
  await program.waitForLine(
    'the input file was read again, and its subscriptions compared (added=1 removed=1 changed=0 same=1)',
  )
  await until(
    () =>
      central.sockets
        .map(({ topic }) => topic)
        .sort()
        .join() === 'apprf,audit',
    () => central.sockets.map(({ topic }) => topic).join(),
  )
  assert.equal(central.handshakes.filter(({ topic }) => topic === 'audit').length, 1)
  program.kill()
  assert.equal((await program.result).code, 0)
})

test('a key pasted into an entry serves all its topics', async (t) => {
  const [old, pasted] = [makeKey('old'), makeKey('pasted')]
  const central = await startCentral(t, { keys: [old, pasted] })
  const topics = ['audit', 'presence']
  const program = await streamHere(t, central, [], { input: { A: { wsskey: old, topics } } })
  await until(() => central.sockets.length === 2)
  await save(program.path, { A: { wsskey: pasted, topics } })
  central.keys.refuse(old)
  for (const socket of [...central.sockets]) socket.close(1001)
  await until(() => central.sockets.filter(({ key }) => key === pasted).length === 2)
  program.kill()
  const { code, stderr } = await program.result
  assert.equal(code, 0)
  assert.equal(stderr.match(/the input file has another key now/g)?.length, 1)
})

test('entries that are disabled are named, and not streamed', async (t) => {
  const central = await startCentral(t)
  const input = {
    On: entryOf('audit'),
    Off: { wsskey: makeKey('off'), topics: ['audit', 'presence'], enabled: false },
  }
  const program = await streamHere(t, central, [], { input })
  await until(() => central.sockets.length === 1)
  await program.waitForLine('disabled and not streamed: Off.audit, Off.presence')
  program.kill()
  assert.equal((await program.result).code, 0)
  assert.equal(central.handshakes.length, 1)
  const path = await writeInput(t, { Off: input.Off })
  const all = await runHere(t, ['--hostname', central.url, '--jsoninput', path]).result
  assert.equal(all.code, 2)
  assert.match(all.stderr, /customers: every entry has "enabled": false/)
})

test('no --hostname is needed where every entry has its own', async (t) => {
  const [one, two] = [await startCentral(t), await startCentral(t)]
  const customers = {
    A: { wsskey: makeKey('a'), topics: ['audit', 'presence'], hostname: one.url },
    B: {
      ...{
        client_id: 'c',
        client_secret: makeSecret('c'),
        token_url: `${two.url}/as/token.oauth2`,
      },
      ...{ topics: ['wids', 'gw-events'], hostname: two.url },
    },
  }
  const path = await writeInput(t, JSON.stringify({ customers }))
  const program = runHere(t, ['--jsoninput', path])
  await until(() => one.sockets.length === 2 && two.sockets.length === 2)
  program.kill()
  assert.equal((await program.result).code, 0)
  const checked = await runHere(t, ['check', '--jsoninput', path]).result
  assert.equal(checked.code, 0, checked.stdout + checked.stderr)
  const missing = await writeInput(t, { A: entryOf('audit') })
  for (const command of [[], ['check']]) {
    const { code, stdout, stderr } = await runHere(t, [...command, '--jsoninput', missing]).result
    assert.equal(code, 2)
    assert.match(stdout + stderr, /customers\.A\.hostname: is missing; expected --hostname HOST/)
  }
})
