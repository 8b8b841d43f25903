import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { encodeFrame } from '../../src/simulator/classic/encode.js'
import { startCentral } from '../helpers/central.js'
import { writeInput } from '../helpers/input.js'
import { makePipe, openWriter } from '../helpers/pipe.js'
import { runProgram } from '../helpers/program.js'
import { commandLine, entryOf, printed, startStream } from '../helpers/stream.js'

/** A frame whose text would move a terminal's cursor and end a line. */
const NASTY = 'red \u001b[31m, line\nbreak, \u009b2J, \u2028'

function nastyFrame(): Uint8Array {
  const fields = { timestamp: '1700000000123456789', customer_id: 'c' }
  return encodeFrame('audit', { customer_id: NASTY, group_name: 'g', target: 't' }, fields)
}

/** The program on a pseudo terminal, its log apart. */
const ON_TERMINAL = `script -qec "$(printf "'%s' " "$@") 2>/dev/null" /dev/null`
const hasScript = spawnSync('script', ['--version']).error === undefined
const onTerminal = { skip: hasScript ? false : 'script(1) of util-linux is not installed' }

test('nothing but records comes out on stdout, one a line', async (t) => {
  const central = await startCentral(t, { unsubscribed: ['location'] })
  const input = { A: entryOf('audit'), B: entryOf('monitoring'), C: entryOf('location') }
  const args = ['--decode_data', '--no_reconnect', '--log_level', 'debug', '--stats_interval', '1']
  const program = await startStream(t, central, args, { input })
  const audit = await central.waitForSocket({ topic: 'audit' })
  const monitoring = await central.waitForSocket({ topic: 'monitoring' })
  await audit.send(nastyFrame())
  await audit.sendText('no record')
  await audit.send(Buffer.from([0x0a, 0xff]))
  await monitoring.sendEmpty()
  audit.close()
  monitoring.close()
  const { stdout } = await program.result
  const records = printed(stdout)
  assert.deepEqual(records.map(({ customer }) => customer).sort(), ['A', 'B'])
  const [nasty] = records.filter(({ customer }) => customer === 'A')
  assert.deepEqual(nasty?.data, { customer_id: NASTY, group_name: 'g', target: 't' })
  assert.equal(nasty?.timestamp, '1700000000123456789')
})

test('| head -n 1 ends the program quietly', async (t) => {
  const central = await startCentral(t)
  const shell = '{ "$@"; echo "code $?" >&2; } | head -n 1'
  const program = await startStream(t, central, ['--decode_data', '--log_level', 'warn'], { shell })
  const socket = await central.waitForSocket()
  const sending = setInterval(() => socket.sendEmpty(), 5)
  t.after(() => clearInterval(sending))
  const { code, stdout, stderr } = await program.result
  assert.equal(code, 0)
  assert.equal(printed(stdout).length, 1)
  assert.equal(stderr, 'code 0\n')
  assert.equal((await socket.ended).code, 1000)
})

test('a reader of a pipe that goes away ends a program that has nothing to write', async (t) => {
  const central = await startCentral(t)
  const gate = await makePipe(t)
  // The reader waits for a writer of the gate, and ends then without having read anything.
  const shell = `{ "$@"; echo "code $?" >&2; } | { exec 3<'${gate}'; }`
  const program = await startStream(t, central, ['--decode_data', '--log_level', 'warn'], { shell })
  const socket = await central.waitForSocket()
  const writer = await openWriter(gate)
  assert.equal((await socket.ended).code, 1000)
  await writer.close()
  assert.equal((await program.result).stderr, 'code 0\n')
})

test('a reader of a socket that goes away ends a program that has nothing to write', async (t) => {
  const central = await startCentral(t)
  const program = await startStream(t, central, ['--decode_data'], { collectStdout: false })
  const socket = await central.waitForSocket()
  program.child.stdout?.destroy()
  assert.equal((await socket.ended).code, 1000)
  assert.equal((await program.result).code, 0)
})

test('a reader that pauses does not end the program', async (t) => {
  const central = await startCentral(t)
  const gate = await makePipe(t)
  const shell = `{ "$@"; echo "code $?" >&2; } | { read -r _ <'${gate}'; cat; }`
  const args = ['--decode_data', '--no_reconnect']
  const input = { A: entryOf('audit') }
  const program = await startStream(t, central, args, { shell, input })
  const socket = await central.waitForSocket()
  // More than the pipe holds.
  await socket.sendAll(Array.from({ length: 1000 }, nastyFrame))
  socket.close()
  await socket.ended
  const writer = await openWriter(gate)
  await writer.write('go\n')
  await writer.close()
  const { stdout, stderr } = await program.result
  assert.match(stderr, /^code 0$/m)
  assert.equal(printed(stdout).length, 1000, stderr)
})

test('a help or a check that nobody reads to its end is no error', async (t) => {
  const central = await startCentral(t)
  const path = await writeInput(t, JSON.stringify({ customers: { A: entryOf('audit') } }))
  // The reader is gone before the first byte comes.
  const shell = '{ sleep 0.2; "$@"; echo "code $?" >&2; } | :'
  const check = ['check', '--hostname', central.url, '--jsoninput', path]
  for (const args of [['--help'], check]) {
    const { stderr } = await runProgram(t, args, { shell }).result
    assert.equal(stderr, 'code 0\n')
  }
})

test('a slow reader gets all of a long text before the program ends', async (t) => {
  const entries = Array.from({ length: 3000 }, (_, at) => [`Customer_${at}`, entryOf('audit', 'k')])
  const path = await writeInput(t, JSON.stringify({ customers: Object.fromEntries(entries) }))
  // More than the pipe holds waits in the program while nobody reads.
  const shell = '{ "$@"; echo "code $?" >&2; } | { sleep 1.2; cat; }'
  const args = ['check', '--offline', '--json', '--jsoninput', path]
  const { stdout, stderr } = await runProgram(t, args, { shell }).result
  assert.equal(stderr, 'code 0\n')
  assert.ok(stdout.length > 100_000)
  assert.match(stdout.slice(-3000), /Customer_2999/)
  JSON.parse(stdout)
})

test('on a terminal records are indented and coloured', onTerminal, async (t) => {
  const central = await startCentral(t)
  const input = { A: entryOf('audit') }
  for (const NO_COLOR of [undefined, '1']) {
    const path = await writeInput(t, JSON.stringify({ customers: input }))
    const args = commandLine(central, path, ['--decode_data', '--no_reconnect'])
    const env = { NO_COLOR, TERM: 'xterm' }
    const next = central.nextSocket()
    const program = runProgram(t, args, { env, shell: ON_TERMINAL })
    const socket = await next
    await socket.send(nastyFrame())
    socket.close()
    const { code, stdout } = await program.result
    assert.equal(code, 0)
    const text = stdout.replaceAll('\r\n', '\n')
    const colour = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g')
    if (NO_COLOR) assert.doesNotMatch(text, colour)
    else assert.match(text, colour)
    const plain = text.replace(colour, '')
    assert.match(plain, /^\{\n {2}"customer": "A",\n {2}"topic": "audit",\n/)
    assert.equal(JSON.parse(plain).data.customer_id, NASTY)
    assert.ok(![...plain].some((letter) => letter !== '\n' && /\p{Cc}/u.test(letter)))
  }
})
