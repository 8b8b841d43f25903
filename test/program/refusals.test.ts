import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startCentral } from '../helpers/central.js'
import { streamHere } from '../helpers/here.js'
import { makeKey } from '../helpers/keys.js'
import { entryOf, printed, startStream } from '../helpers/stream.js'

test('a topic that is not ticked is refused beside a good one, which streams on', async (t) => {
  const central = await startCentral(t, { unsubscribed: ['location'] })
  const input = { Off: entryOf('location'), On: entryOf('monitoring') }
  const program = await startStream(t, central, ['--decode_data'], { input })
  const socket = await central.waitForSocket({ topic: 'monitoring' })
  assert.match(
    await program.waitForLine(/ERROR +Off: /),
    /400 "Unsubscribed Topic": tick the topic "location" in Central under Organization > Platform Integration > Streaming/,
  )
  await socket.sendEmpty()
  await program.waitForLine('"customer":"On"', 'stdout')
  program.kill()
  const { code, stdout } = await program.result
  assert.equal(code, 0)
  assert.equal(printed(stdout).length, 1)
  // Central is asked again after 10 minutes.
  assert.equal(central.handshakes.filter(({ topic }) => topic === 'location').length, 1)
})

test('exit code 3 where every entry is refused, for whatever reason', async (t) => {
  const central = await startCentral(t, { unsubscribed: ['location'] })
  const input = {
    Unticked: entryOf('location'),
    Forbidden: entryOf('audit'),
    Gone: entryOf('apprf'),
    Moved: entryOf('presence'),
    Refused: entryOf('security'),
    Odd: entryOf('monitoring'),
  }
  central.keys.accept(...Object.values(input).map(({ wsskey }) => wsskey))
  central.keys.refuse(input.Refused.wsskey)
  const answers = [
    ['audit', 403, 'not for you\nat all', {}],
    ['apprf', 404, '', {}],
    ['presence', 302, '', { Location: 'https://login.example/x' }],
    ['monitoring', 200, '<html>', {}],
  ] as const
  for (const [topic, status, body, headers] of answers) {
    central.failHandshake({ type: 'answer', status, body, headers }, { topic })
  }
  const program = await streamHere(t, central, ['--decode_data'], { input })
  const { code, stdout, stderr } = await program.result
  assert.equal(code, 3, stderr)
  assert.equal(stdout, '')
  const said = (name: string) => new RegExp(`ERROR +${name}: (.*)`).exec(stderr)?.[1] ?? ''
  assert.match(said('Unticked'), /tick the topic/)
  assert.match(said('Forbidden'), /answered 403 "not for you"/)
  assert.doesNotMatch(said('Forbidden'), /at all/)
  assert.match(said('Gone'), /answered 404, expected 101/)
  assert.match(said('Moved'), /302.*login\.example/)
  assert.match(said('Odd'), /answered 200, expected 101/)
  assert.match(said('Refused'), /401.*download a new key/)
  assert.match(
    stderr,
    /ERROR every subscription is refused, and none was open: the program ends\n$/,
  )
  assert.equal(central.handshakes.length, 5)
})

test('a 401 on the socket to a key that its validation calls good is retried, and says so', async (t) => {
  const central = await startCentral(t)
  const key = makeKey('good for REST alone')
  central.failHandshake({ type: 'answer', status: 401 }, { key }, 2)
  const input = { A: entryOf('audit', key) }
  const program = await streamHere(t, central, ['--decode_data'], { input })
  assert.match(
    await program.waitForLine(/WARN +A: /),
    /401.*although its validation says that the key is good.*; trying again in/,
  )
  const socket = await central.waitForSocket()
  await socket.sendEmpty()
  await program.waitForLine('"customer":"A"', 'stdout')
  program.kill()
  assert.equal((await program.result).code, 0)
})

test('a refused entry beside one that was never open keeps the program alive until all are refused', async (t) => {
  const central = await startCentral(t)
  const input = { Refused: entryOf('audit'), Slow: entryOf('apprf') }
  central.failHandshake({ type: 'answer', status: 403 }, { topic: 'audit' }, Infinity)
  central.failHandshake({ type: 'answer', status: 503 }, { topic: 'apprf' })
  central.failHandshake({ type: 'answer', status: 404 }, { topic: 'apprf' })
  const program = await streamHere(t, central, [], { input })
  await program.waitForLine(/ERROR +Refused: .*tried again every 10 min/)
  await program.waitForLine(/ERROR +Slow: /)
  const { code, stderr } = await program.result
  assert.equal(code, 3, stderr)
})

test('one 403 after the entry was open does not end the program', async (t) => {
  const central = await startCentral(t)
  const program = await streamHere(t, central, [])
  const socket = await central.waitForSocket()
  central.failHandshake({ type: 'answer', status: 403 })
  socket.close(1001)
  await program.waitForLine(/ERROR +A: .*403/)
  // A reload tries at once what would be tried after 10 minutes.
  program.kill('SIGHUP')
  await central.nextSocket()
  await program.waitForLine('connected again after a gap')
  program.kill()
  assert.equal((await program.result).code, 0)
})

test('--no_reconnect: exit code 3 where the only entry is refused', async (t) => {
  const central = await startCentral(t)
  central.failHandshake({ type: 'answer', status: 403 })
  const { code, stderr } = await (await streamHere(t, central, ['--no_reconnect'])).result
  assert.equal(code, 3, stderr)
  assert.match(stderr, /ERROR +A: .*this subscription is given up/)
})

for (const close of [1000, 1001]) {
  test(`--no_reconnect: exit code 0 after the server closed with ${close}`, async (t) => {
    const central = await startCentral(t)
    const program = await streamHere(t, central, ['--decode_data', '--no_reconnect'])
    const socket = await central.waitForSocket()
    await socket.sendEmpty()
    socket.close(close)
    const { code, stdout, stderr } = await program.result
    assert.equal(code, 0, stderr)
    assert.equal(printed(stdout).length, 1)
    assert.equal(central.handshakes.length, 1)
  })
}

test('--no_reconnect: exit code 1 after any other end', async (t) => {
  const ends: readonly ((central: Awaited<ReturnType<typeof startCentral>>) => Promise<void>)[] = [
    async (central) => (await central.waitForSocket()).reset(),
    async (central) => (await central.waitForSocket()).terminate(),
    async (central) => (await central.waitForSocket()).close(1011, 'broken'),
    async (central) => (await central.waitForSocket()).sendOversized(),
  ]
  for (const end of ends) {
    const central = await startCentral(t)
    const program = await streamHere(t, central, ['--decode_data', '--no_reconnect'])
    await end(central)
    const { code, stderr } = await program.result
    assert.equal(code, 1, stderr)
    assert.match(stderr, /ERROR +A: ended: /)
    assert.equal(central.handshakes.length, 1)
  }
})

test('--no_reconnect: exit code 1 where the handshake fails', async (t) => {
  const central = await startCentral(t)
  central.failHandshake({ type: 'answer', status: 503 })
  const { code, stderr } = await (await streamHere(t, central, ['--no_reconnect'])).result
  assert.equal(code, 1, stderr)
  assert.equal(central.handshakes.length, 1)
})

test('--no_reconnect: exit code 1 where one was refused and the others ended normally', async (t) => {
  const central = await startCentral(t, { unsubscribed: ['location'] })
  const input = { Off: entryOf('location'), On: entryOf('monitoring') }
  const program = await streamHere(t, central, ['--no_reconnect'], { input })
  await program.waitForLine(/ERROR +Off: /)
  ;(await central.waitForSocket()).close(1000)
  assert.equal((await program.result).code, 1)
})
