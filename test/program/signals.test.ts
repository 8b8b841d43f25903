import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Central } from '../../src/simulator/central.js'
import { encodeFrame } from '../../src/simulator/classic/encode.js'
import { startCentral, startSilentServer } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import { type InputEntry, writeInput } from '../helpers/input.js'
import { makeKey } from '../helpers/keys.js'
import { makePipe, openWriter } from '../helpers/pipe.js'
import { preload } from '../helpers/preload.js'
import { type Program, runProgram as run } from '../helpers/program.js'
import { entryOf, printed, startStream as start } from '../helpers/stream.js'
import { tempFolder } from '../helpers/temp-folder.js'

/** How soon the same signal comes twice from one key press. */
const ECHO_MS = 200
/** The program gives up what hangs after so long in place of 8 s, and says when that time is over. */
function graceOf(graceMs: number): string[] {
  return preload(`
    const set = globalThis.setTimeout
    globalThis.setTimeout = (work, ms, ...rest) => {
      if (ms !== 8000) return set(work, ms, ...rest)
      set(() => process.stderr.write('the grace is over\\n'), ${graceMs}).unref()
      return set(work, ${graceMs}, ...rest)
    }`)
}
/** Far longer than a busy machine takes to end a program in which nothing hangs. */
const nodeOptions = graceOf(60_000)
const runProgram: typeof run = (t, args, options) => run(t, args, { nodeOptions, ...options })
const startStream: typeof start = (t, central, args, options) =>
  start(t, central, args, { nodeOptions, ...options })

const hasScript = spawnSync('script', ['--version']).error === undefined
const onTerminal = { skip: hasScript ? false : 'script(1) of util-linux is not installed' }

/** A frame with a customer of so many letters. */
function frameOf(letters: number): Buffer {
  const fields = { timestamp: '1', customer_id: 'c'.repeat(letters) }
  return Buffer.from(encodeFrame('audit', {}, fields))
}
const FRAME = frameOf(1)

/** A user's module that is handed to `--export_data`. */
async function module(t: TestContext, source: string): Promise<string> {
  const path = join(tempFolder(t), 'module.mjs')
  await writeFile(path, source)
  return path
}

const HANGING = `export default () => new Promise(() => process.stderr.write('hangs\\n'))`
/** Takes 10 ms a message, and tells of the tenth and of its end. */
const SLOW = `
  let count = 0
  export default async () => {
    await new Promise((resolve) => setTimeout(resolve, 10))
    if (++count === 10) process.stderr.write('ten\\n')
  }
  export const close = () => process.stderr.write('exported ' + count + '\\n')`

/** Signals, and requires an end with this code, by itself and not because all time was over. */
async function requireEnd(
  program: Program,
  code: number,
  { signal = 'SIGTERM' as NodeJS.Signals, afterGrace = false } = {},
) {
  program.kill(signal)
  const result = await program.result
  assert.equal(result.signal, null)
  assert.equal(result.code, code, result.stderr)
  assert.equal(/^the grace is over$/m.test(result.stderr), afterGrace, result.stderr)
  return result
}

/** Streams through a slow module until a third of 30 messages is exported. */
async function startSlow(t: TestContext) {
  const central = await startCentral(t)
  const program = await startStream(t, central, ['--export_data', await module(t, SLOW)])
  const socket = await central.waitForSocket()
  await socket.sendAll(Array.from({ length: 30 }, () => FRAME))
  // The pong comes when all that was sent before the ping has been received.
  socket.ping()
  await until(() => socket.pongs === 1)
  await program.waitForLine('ten')
  return { program, socket }
}

describe('the first signal', { concurrency: 2 }, () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`${signal} ends the program when all that was received is exported`, async (t) => {
      const { program, socket } = await startSlow(t)
      const { stderr } = await requireEnd(program, 0, { signal })
      assert.match(stderr, /^exported 30$/m)
      assert.equal((await socket.ended).code, 1000)
    })
  }

  it('counts once where it comes twice within milliseconds, as from npx', async (t) => {
    // On a busy machine both may take so long, on their way or in the program, that they are two.
    for (let tries = 0; tries < 10; tries += 1) {
      const { program } = await startSlow(t)
      program.kill('SIGINT')
      await sleep(20)
      program.kill('SIGINT')
      const { code, stderr } = await program.result
      if (code === 1) continue
      assert.equal(code, 0, stderr)
      assert.match(stderr, /^exported 30$/m)
      return
    }
    assert.fail('the second signal ended the program each time')
  })

  it('ends a handshake that stalls, in plain text and in TLS', async (t) => {
    const central = await startCentral(t)
    central.failHandshake({ type: 'stall' })
    const handshake = central.nextHandshake()
    const program = await startStream(t, central)
    await handshake
    await requireEnd(program, 0)

    const { port, connections } = await startSilentServer(t)
    const secure = await startStream(t, { url: `https://127.0.0.1:${port}` })
    await until(() => connections.length > 0)
    await requireEnd(secure, 0)
  })

  it('ends the validation of a key that stalls', async (t) => {
    const central = await startCentral(t)
    central.failValidation({ type: 'stall' })
    const validation = central.nextValidation()
    const program = await startStream(t, central)
    await validation
    await requireEnd(program, 0)
    assert.equal(central.handshakes.length, 0)
  })

  it('ends the wait before a retry', async (t) => {
    const central = await startCentral(t)
    central.failHandshake({ type: 'answer', status: 503, headers: { 'Retry-After': '30' } })
    const program = await startStream(t, central)
    await program.waitForLine('trying again in')
    await requireEnd(program, 0)
    assert.equal(central.handshakes.length, 1)
  })

  it('ends a program whose socket waits for a reader of stdout that comes back', async (t) => {
    const central = await startCentral(t)
    const program = await startStream(t, central, ['--decode_data'], { collectStdout: false })
    const socket = await central.waitForSocket()
    const frame = frameOf(4000)
    function* endless() {
      for (;;) yield frame
    }
    const sending = socket.sendAll(endless())
    await until(() => socket.isHeldUp)
    program.kill()
    const chunks: Buffer[] = []
    program.child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
    const { code, stderr } = await program.result
    assert.equal(code, 0, stderr)
    const records = printed(Buffer.concat(chunks).toString())
    assert.match(stderr, new RegExp(`delivered=${records.length} given_up=0`))
    await sending
  })

  it('ends a program in which a module keeps a timer', async (t) => {
    const central = await startCentral(t)
    const source = 'setInterval(() => {}, 1000)\nexport default () => {}'
    const program = await startStream(t, central, ['--export_data', await module(t, source)])
    await central.waitForSocket()
    await requireEnd(program, 0)
  })

  it('ends a program whose exporter hangs when time is over, with code 1 and a dead letter', async (t) => {
    const central = await startCentral(t)
    const deadLetter = join(tempFolder(t), 'dead.ndjson')
    const args = ['--export_data', await module(t, HANGING), '--dead_letter', deadLetter]
    const program = await startStream(t, central, args, { nodeOptions: graceOf(1000) })
    const socket = await central.waitForSocket()
    await socket.sendAll([FRAME, FRAME, FRAME])
    await program.waitForLine('hangs')
    const { stderr } = await requireEnd(program, 1, { afterGrace: true })
    assert.match(stderr, /the message is given up/)
    assert.match(stderr, /given_up=3/)
    const letters = (await readFile(deadLetter, 'utf8')).trimEnd().split('\n')
    assert.deepEqual(
      letters.map((line) => JSON.parse(line).frame),
      Array.from({ length: 3 }, () => FRAME.toString('base64')),
    )
  })
})

describe('a signal to a command that has an end of its own', { concurrency: 2 }, () => {
  it('makes check report what it knows, that it is not all, and end with 1', async (t) => {
    const central = await startCentral(t)
    const path = await writeInput(t, { A: entryOf('audit') })
    const args = ['check', '--hostname', central.url, '--jsoninput', path]
    for (const json of [false, true]) {
      central.failHandshake({ type: 'stall' })
      const handshake = central.nextHandshake()
      const program = runProgram(t, json ? [...args, '--json'] : args)
      await handshake
      const { stdout } = await requireEnd(program, 1, { signal: 'SIGINT' })
      if (json) {
        const { ok, interrupted, entries } = JSON.parse(stdout)
        assert.deepEqual([ok, interrupted, entries[0].key], [false, true, 'accepted'])
      } else {
        assert.match(stdout, /A .* accepted .* not asked/)
        assert.match(stdout, /^Interrupted: not everything was checked\.$/m)
      }
    }
  })

  it('ends check and replay with 1 before they have read anything', async (t) => {
    const fifo = await makePipe(t)
    const commands = [
      ['check', '--offline', '--jsoninput', fifo],
      ['replay', fifo, '--decode_data'],
    ]
    for (const args of commands) {
      const program = runProgram(t, args)
      // It has opened the pipe, from which nothing comes.
      const writer = await openWriter(fifo)
      const { stdout, stderr } = await requireEnd(program, 1, { signal: 'SIGINT' })
      assert.equal(stdout, '')
      assert.match(stderr, /interrupted/)
      await writer.close()
    }
  })

  it('ends replay with 1 when a part of the recording is replayed', async (t) => {
    const fifo = await makePipe(t)
    const program = runProgram(t, ['replay', fifo, '--decode_data'])
    const writer = await openWriter(fifo)
    const frame = FRAME.toString('base64')
    const kept = { received: '2026-11-25T00:00:00.000Z', customer: 'A', topic: 'audit', frame }
    await writer.write(`${JSON.stringify(kept)}\n`)
    await program.waitForLine('"customer":"A"', 'stdout')
    const { stderr } = await requireEnd(program, 1)
    assert.match(stderr, /interrupted: the recording was not replayed to its end/)
    assert.match(stderr, /delivered=1/)
    await writer.close()
  })
})

it('SIGUSR1 opens no inspector', async (t) => {
  const central = await startCentral(t)
  const program = await startStream(t, central)
  const socket = await central.waitForSocket()
  program.kill('SIGUSR1')
  await socket.send(FRAME)
  await program.waitForLine('"customer":"A"', 'stdout')
  const { stderr } = await requireEnd(program, 0)
  assert.doesNotMatch(stderr, /Debugger/)
})

describe('the second signal ends the program at once, with code 1,', { concurrency: 2 }, () => {
  const startHanging = async (t: TestContext) => {
    const central = await startCentral(t)
    const program = await startStream(t, central, ['--export_data', await module(t, HANGING)])
    const socket = await central.waitForSocket()
    await socket.send(FRAME)
    await program.waitForLine('hangs')
    return { program, socket }
  }
  const endAtOnce = async (program: Program, signal: NodeJS.Signals) => {
    const { stderr } = await requireEnd(program, 1, { signal })
    assert.doesNotMatch(stderr, /given_up/)
  }

  it('where it is the same one, a moment later', async (t) => {
    const { program, socket } = await startHanging(t)
    program.kill('SIGINT')
    // The first one has been noticed when the socket is closed.
    await socket.ended
    await sleep(2 * ECHO_MS)
    await endAtOnce(program, 'SIGINT')
  })

  it('where it is another one, however soon', async (t) => {
    const { program } = await startHanging(t)
    program.kill('SIGINT')
    await sleep(20)
    await endAtOnce(program, 'SIGTERM')
  })
})

type Input = Record<string, InputEntry>

async function rewrite(path: string, customers: Input | string): Promise<void> {
  const text = typeof customers === 'string' ? customers : JSON.stringify({ customers })
  await writeFile(path, text)
}

/** How many handshakes there were for a topic. */
function handshakes(central: Central, topic: string): number {
  return central.handshakes.filter((each) => each.topic === topic).length
}

describe('SIGHUP', { concurrency: 2 }, () => {
  it('of a terminal that goes away ends the program with 0', onTerminal, async (t) => {
    const central = await startCentral(t)
    const folder = tempFolder(t)
    const [log, code] = [join(folder, 'log'), join(folder, 'code')]
    // The shell, which leads the session, is told that the terminal is gone, and passes it on.
    const shell =
      `exec script -qec "trap 'kill -HUP \\$!' HUP; $(printf "'%s' " "$@") 2>'${log}' & ` +
      `wait \\$!; wait \\$!; echo \\$? >'${code}'" /dev/null`
    const program = await startStream(t, central, ['--decode_data'], { shell })
    const socket = await central.waitForSocket()
    program.kill('SIGKILL')
    assert.equal((await socket.ended).code, 1000)
    await until(() => existsSync(code) && readFileSync(code, 'utf8') !== '')
    assert.equal(readFileSync(code, 'utf8'), '0\n', readFileSync(log, 'utf8'))
  })

  it('reloads while the terminal lives', onTerminal, async (t) => {
    const central = await startCentral(t)
    const pid = join(tempFolder(t), 'pid')
    const shell = `exec script -qec "echo \\$\\$ >'${pid}'; exec $(printf "'%s' " "$@")" /dev/null`
    const program = await startStream(t, central, ['--decode_data'], {
      shell,
      env: { TERM: 'dumb', SHELL: '/bin/sh' },
    })
    const socket = await central.waitForSocket()
    process.kill(Number(readFileSync(pid, 'utf8')), 'SIGHUP')
    await program.waitForLine('the input file was read again', 'stdout')
    await socket.send(FRAME)
    await program.waitForLine('"customer": "A"', 'stdout')
    process.kill(Number(readFileSync(pid, 'utf8')), 'SIGTERM')
    assert.equal((await program.result).code, 0)
    assert.equal(central.handshakes.length, 1)
  })

  it('starts new entries, stops removed ones, and leaves the others alone', async (t) => {
    const central = await startCentral(t)
    const input = {
      Same: entryOf('audit'),
      Gone: entryOf('apprf'),
      Topic: entryOf('location'),
      Key: entryOf('presence'),
    }
    const program = await startStream(t, central, ['--decode_data'], { input })
    const sockets = await Promise.all(
      Object.values(input).map(({ topic }) => central.waitForSocket({ topic })),
    )
    const [same, gone, location, presence] = sockets
    const next = {
      New: entryOf('security'),
      Key: entryOf('presence'),
      Topic: { ...input.Topic, topic: 'monitoring' },
      Same: input.Same,
    }
    await rewrite(program.path, next)
    program.kill('SIGHUP')
    const opened = await Promise.all([
      central.waitForSocket({ topic: 'security' }),
      central.waitForSocket({ topic: 'monitoring' }),
      central.waitForSocket({ topic: 'presence', key: next.Key.wsskey }),
    ])
    assert.equal((await gone?.ended)?.code, 1000)
    assert.equal((await location?.ended)?.code, 1000)
    assert.equal((await presence?.ended)?.code, 1000)
    assert.match(
      await program.waitForLine('the input file was read again'),
      /added=2 removed=2 changed=1 same=1/,
    )
    assert.deepEqual(
      ['audit', 'apprf', 'presence'].map((topic) => handshakes(central, topic)),
      [1, 1, 2],
    )
    assert.equal(central.sockets.length, 4)
    for (const socket of [same, ...opened]) await socket?.send(FRAME)
    for (const name of Object.keys(next)) {
      await program.waitForLine(`"customer":"${name}"`, 'stdout')
    }
    await requireEnd(program, 0)
  })

  it('takes our own renewal of a key for no change', async (t) => {
    const [old, renewed] = [makeKey('old'), makeKey('renewed')]
    const central = await startCentral(t)
    central.keys.renew(old, renewed)
    const input = { A: entryOf('audit', old), B: entryOf('apprf', old) }
    const program = await startStream(t, central, ['--decode_data'], { input })
    await central.waitForSocket({ topic: 'audit' })
    await central.waitForSocket({ topic: 'apprf' })
    program.kill('SIGHUP')
    const line = await program.waitForLine('the input file was read again')
    assert.match(line, /added=0 removed=0 changed=0 same=2/)
    await requireEnd(program, 0)
    assert.equal(central.handshakes.length, 2)
    assert.equal(central.validations.length, 1)
  })

  it('changes nothing where the file is wrong now, and says why', async (t) => {
    const central = await startCentral(t)
    const entry = entryOf('audit')
    const program = await startStream(t, central, ['--decode_data'], { input: { A: entry } })
    const socket = await central.waitForSocket()
    await rewrite(program.path, { A: entry, B: { ...entryOf('audit'), topic: 'wifi' } })
    program.kill('SIGHUP')
    assert.match(await program.waitForLine(/customers\.B\.topic/), /got "wifi"/)
    await program.waitForLine('all entries continue as before')
    await socket.send(FRAME)
    await program.waitForLine('"customer":"A"', 'stdout')
    await requireEnd(program, 0)
    assert.equal(central.handshakes.length, 1)
  })

  it('brings back an entry that had been given up, once its key is another', async (t) => {
    const [bad, good] = [makeKey('bad'), makeKey('good')]
    const central = await startCentral(t, { keys: [good] })
    const stays = entryOf('apprf', good)
    const input = { A: entryOf('audit', bad), B: stays }
    const program = await startStream(t, central, ['--decode_data'], { input })
    await program.waitForLine(/ERROR +A: /)
    await rewrite(program.path, { A: entryOf('audit', good), B: stays })
    program.kill('SIGHUP')
    await central.waitForSocket({ topic: 'audit', key: good })
    await requireEnd(program, 0)
  })

  it('opens exported files again, for logrotate, even where the input is wrong', async (t) => {
    const central = await startCentral(t)
    const folder = tempFolder(t)
    const names = ['out.ndjson', 'frames.ndjson', 'dead.ndjson']
    const [out = '', frames = '', dead = ''] = names.map((name) => join(folder, name))
    const args = ['--export_data', `json:${out}`, '--record', frames, '--dead_letter', dead]
    const program = await startStream(t, central, args)
    const socket = await central.waitForSocket()
    const sizes = () =>
      Promise.all(
        [out, frames, dead].map(async (path) => (await stat(path).catch(() => ({ size: 0 }))).size),
      )
    const filled = async () => {
      await socket.send(FRAME)
      await socket.sendText('undecodable')
      await until(async () => !(await sizes()).includes(0))
    }
    await filled()
    for (const path of [out, frames, dead]) await rename(path, `${path}.1`)
    await rewrite(program.path, 'not JSON')
    program.kill('SIGHUP')
    await program.waitForLine('all entries continue as before')
    await program.waitForLine('opened again')
    await filled()
    await requireEnd(program, 0)
    for (const path of [out, dead, `${out}.1`, `${dead}.1`]) {
      assert.equal((await readFile(path, 'utf8')).split('\n').length, 2, path)
    }
  })
})
