import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../helpers/clock.js'
import { goldenEvents } from '../helpers/event.js'
import { runHere, streamHere } from '../helpers/here.js'
import { writeInput } from '../helpers/input.js'
import {
  CLIENT_SECRET,
  makeSecret,
  newCentralEntry,
  startNewCentral,
} from '../helpers/new-central.js'
import { commandLine, printed, startStream } from '../helpers/stream.js'
import { eventFrame, idsOf, publish } from '../simulator/newcentral-client.js'

test('an entry with a wrong secret is refused in one line, and the others go on', async (t) => {
  const central = await startNewCentral(t, { clients: [{ id: 'client', secret: CLIENT_SECRET }] })
  const wrong = { client_secret: makeSecret('wrong') }
  const input = {
    Bad: newCentralEntry(central, 'wids', wrong),
    Good: newCentralEntry(central, 'rssi-events'),
  }
  const program = await startStream(t, central, ['--decode_data'], { input })
  const line = await program.waitForLine(/Bad: .*invalid_client/)
  assert.match(line, /compare client_id and client_secret/)
  await until(() => central.sockets.length === 1)
  await publish(central, 'rssi-events', ['1'])
  await program.waitForLine('"id":"1"', 'stdout')
  program.kill()
  assert.equal((await program.result).code, 0)
})

test('the program ends with 3 where every API client is refused', async (t) => {
  const central = await startNewCentral(t, { clients: [{ id: 'client', secret: CLIENT_SECRET }] })
  const wrong = { client_secret: makeSecret('wrong') }
  const input = {
    A: newCentralEntry(central, 'wids', wrong),
    B: newCentralEntry(central, 'rssi-events', wrong),
  }
  const { code, stderr } = await (await streamHere(t, central, [], { input })).result
  assert.equal(code, 3, stderr)
  assert.equal(central.handshakes.length, 0)
})

test('a second run of the same file takes nothing from the first, nor does a check', async (t) => {
  const central = await startNewCentral(t)
  const input = { A: newCentralEntry(central, 'rssi-events') }
  const first = await startStream(t, central, ['--decode_data'], { input })
  await until(() => central.sockets.length === 1)
  const second = runHere(t, commandLine(central, first.path))
  assert.match(await second.waitForLine('subscriber id of its own'), /A: another process/)
  await until(() => central.sockets.length === 2)
  const check = await runHere(t, ['check', ...commandLine(central, first.path, [])]).result
  assert.equal(check.code, 0)
  assert.match(
    check.stdout,
    /client id client got a token that is good for 120 min, for 1 subscription/,
  )

  const ids = idsOf('e', 50)
  await publish(central, 'rssi-events', ids)
  for (const program of [first, second]) {
    await program.waitForLine(`"id":"${ids.at(-1)}"`, 'stdout')
    assert.deepEqual(
      printed(program.stdout).map((each) => 'id' in each && each.id),
      ids,
    )
    program.kill()
    await program.result
  }
  const used = new Set(central.handshakes.map(({ headers }) => headers['subscriber-id']))
  assert.equal(used.size, 3)
})

test('two programs with one subscriber_id share the stream without loss', async (t) => {
  const central = await startNewCentral(t)
  const more = { subscriber_id: '9b2f0c1e-5a0d-4c7b-8f3e-2d6a1b4c5e7f' }
  const input = { A: newCentralEntry(central, 'rssi-events', more) }
  const programs = [
    await streamHere(t, central, ['--decode_data'], { input }),
    await streamHere(t, central, ['--decode_data'], { input }),
  ]
  await until(() => central.sockets.length === 2)
  const ids = idsOf('e', 100)
  await publish(central, 'rssi-events', ids)
  const got = () => programs.flatMap(({ stdout }) => printed(stdout))
  await until(() => got().length === ids.length)
  assert.deepEqual(new Set(got().map((each) => 'id' in each && each.id)), new Set(ids))
  assert.ok(programs.every(({ stdout }) => stdout !== ''))
})

test('a subscriber id stays the same over restarts, and another instance has another', async (t) => {
  const central = await startNewCentral(t)
  const path = await writeInput(t, { A: newCentralEntry(central, 'rssi-events') })
  const idOf = async (instance: string) => {
    const env = { ARUBA_STREAM_INSTANCE: instance }
    const opened = central.nextSocket()
    const program = runHere(t, commandLine(central, path), { env })
    await opened
    program.kill()
    await program.result
    return central.handshakes.at(-1)?.headers['subscriber-id']
  }
  const first = await idsAgree([await idOf('one'), await idOf('one')])
  assert.notEqual(await idOf('two'), first)
})

async function idsAgree(ids: readonly unknown[]): Promise<unknown> {
  assert.equal(new Set(ids).size, 1)
  return ids[0]
}

test('check says what is wrong with each entry in a line', async (t) => {
  const central = await startNewCentral(t, { old_client: ['old'], missing: ['wids'] })
  const path = await writeInput(t, {
    Old: newCentralEntry(central, 'rssi-events', { client_id: 'old' }),
    Missing: newCentralEntry(central, 'wids'),
    Fine: newCentralEntry(central, 'alert-events'),
  })
  const { code, stdout } = await runHere(t, ['check', ...commandLine(central, path, [])]).result
  assert.equal(code, 3)
  assert.match(stdout, /^Old: .* 403 .*API client may be of the old kind/m)
  assert.match(stdout, /^Missing: .* 404 .*may not have the stream "wids"/m)
  assert.match(stdout, /^Fine .* accepted .* subscribed/m)
})

test('no secret and no token is shown where servers repeat them', async (t) => {
  const central = await startNewCentral(t)
  const input = {
    A: newCentralEntry(central, 'wids'),
    B: newCentralEntry(central, 'rssi-events'),
    C: newCentralEntry(central, 'alert-events'),
  }
  central.failToken({ type: 'answer', status: 503, body: `no ${CLIENT_SECRET}` })
  central.failToken({
    type: 'answer',
    status: 401,
    body: `{"error":"invalid_grant","x":"${CLIENT_SECRET}"}`,
  })
  const args = ['--decode_data', '--log_level', 'debug', '--no_reconnect']
  const { stderr } = await (await streamHere(t, central, args, { input })).result
  assert.match(stderr, /503/)
})

test('text frames are skipped with one line, and an unknown message is logged once a type', async (t) => {
  const central = await startNewCentral(t)
  const input = { A: newCentralEntry(central, 'ap-events') }
  const program = await streamHere(t, central, ['--decode_data'], { input })
  const socket = await central.waitForSocket()
  for (let at = 0; at < 3; at++) {
    socket.sendText('keep alive')
    await central.broadcast('ap-events', eventFrame(`u${at}`, 'no.such.type'))
    await central.broadcast('ap-events', eventFrame(`z${at}`, `zzz.${at}`))
  }
  const [known] = goldenEvents().filter((each) => each.topic === 'ap-events')
  await central.broadcast('ap-events', known?.bytes ?? Buffer.alloc(0))
  await program.waitForLine('"topic":"ap-events"', 'stdout')
  program.kill()
  const { stderr } = await program.result
  assert.equal(stderr.match(/a text frame came/g)?.length, 1)
  assert.equal(stderr.match(/no\.such\.type/g)?.length, 1, stderr)
  for (let at = 0; at < 3; at++) assert.equal(stderr.split(`.zzz.${at} `).length, 2, stderr)
  assert.match(stderr, /undecodable=6/)
})
