import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { Secret } from '../../src/secret.js'
import { encodeFrame } from '../../src/simulator/classic/encode.js'
import { closedPort, startCentral, startSilentServer } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import { runHere, streamHere } from '../helpers/here.js'
import { writeInput } from '../helpers/input.js'
import { makeKey } from '../helpers/keys.js'
import { makePipe, openWriter } from '../helpers/pipe.js'
import { withTimes } from '../helpers/preload.js'
import { runProgram } from '../helpers/program.js'
import { commandLine, entryOf, printed, startStream } from '../helpers/stream.js'
import { tempFolder } from '../helpers/temp-folder.js'

const FRAME = Buffer.from(
  encodeFrame('audit', { customer_id: 'a' }, { timestamp: '1', customer_id: 'a' }),
)

/** The server gets a minute in place of a second to answer a close frame: here it may wait for the processor. */
const nodeOptions = withTimes({ 1000: 60_000 })

const rewrite = (path: string, customers: object) =>
  writeFile(path, JSON.stringify({ customers }), { mode: 0o600 })

describe('a reload', { concurrency: 2 }, () => {
  it('during the start waits for it, and then runs each entry once', async (t) => {
    const central = await startCentral(t)
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const [a, b, gone] = [entryOf('audit'), entryOf('apprf'), entryOf('presence')]
    central.failValidation({ type: 'hold', until: held }, { key: a.wsskey })
    const validated = central.nextValidation({ key: a.wsskey })
    const program = await startStream(t, central, [], { input: { A: a, B: b, Gone: gone } })
    await validated
    const changed = entryOf('apprf')
    await rewrite(program.path, { A: a, B: changed })
    program.kill('SIGHUP')
    release()
    await program.waitForLine('the input file was read again')
    const keys = () => central.sockets.map(({ key }) => key).sort()
    await until(() => isDeepStrictEqual(keys(), [a.wsskey, changed.wsskey].sort()))
    program.kill()
    assert.equal((await program.result).code, 0)
  })

  it('that the schema folder stands against changes nothing, and is made good later', async (t) => {
    const central = await startCentral(t)
    const folder = tempFolder(t)
    const proto = join(folder, 'presence.proto')
    await writeFile(join(folder, 'audit.proto'), 'syntax = "proto2"; message audit_message {}')
    const args = ['--proto_dir', folder]
    const a = entryOf('audit')
    const program = await streamHere(t, central, args, { input: { A: a } })
    await central.waitForSocket()
    await writeFile(proto, 'message presence_event {')
    const added = entryOf('presence')
    await rewrite(program.path, { A: a, Added: added })
    program.kill('SIGHUP')
    await program.waitForLine('all entries continue as before')
    assert.match(program.stderr, /presence\.proto/)
    await writeFile(proto, 'syntax = "proto2"; message presence_event {}')
    program.kill('SIGHUP')
    await central.waitForSocket({ key: added.wsskey })
    program.kill()
    assert.equal((await program.result).code, 0)
  })

  it('is not held up by an output that hangs, nor is the next one', async (t) => {
    const central = await startCentral(t)
    const folder = tempFolder(t)
    await writeFile(join(folder, 'hang.mjs'), 'export default () => new Promise(() => {})')
    const args = ['--export_data', join(folder, 'hang.mjs')]
    const [stuck, stays] = [entryOf('audit'), entryOf('apprf')]
    const program = await startStream(t, central, args, { input: { Stuck: stuck, Stays: stays } })
    const socket = await central.waitForSocket({ key: stuck.wsskey })
    await socket.send(FRAME)
    await rewrite(program.path, { Stays: stays })
    program.kill('SIGHUP')
    await socket.ended
    const added = entryOf('presence')
    await rewrite(program.path, { Stays: stays, Added: added })
    program.kill('SIGHUP')
    const begun = await central.waitForSocket({ key: added.wsskey })
    program.kill()
    await begun.ended
    program.kill('SIGINT')
    assert.equal((await program.result).code, 1)
  })

  it('that comes when all streams have ended begins none that nobody would serve', async (t) => {
    const central = await startCentral(t)
    const folder = tempFolder(t)
    const closing = `export default () => {}
      export const close = () => new Promise((done) => {
        console.error('closing now')
        setInterval(() => {}, 1000)
      })`
    await writeFile(join(folder, 'slow.mjs'), closing)
    const args = ['--no_reconnect', '--export_data', join(folder, 'slow.mjs')]
    const a = entryOf('audit')
    const program = await startStream(t, central, args, { input: { A: a } })
    const socket = await central.waitForSocket()
    socket.close(1000)
    await program.waitForLine('closing now')
    await rewrite(program.path, { A: a, Late: entryOf('presence') })
    program.kill('SIGHUP')
    await program.waitForLine(/the input file (was read again|is not read again)/)
    assert.match(program.stderr, /is not read again/)
    program.kill()
    program.kill('SIGINT')
    await program.result
    assert.equal(central.handshakes.length, 1)
  })

  it('with another key that Central refuses, too, says so', async (t) => {
    const [first, second] = [makeKey('wrong'), makeKey('also wrong')]
    const good = entryOf('apprf')
    const central = await startCentral(t, { keys: [good.wsskey] })
    central.keys.refuse(first)
    central.keys.refuse(second)
    const input = { A: entryOf('audit', first), Good: good }
    const program = await streamHere(t, central, [], { input })
    const refusal = (key: string) => new RegExp(`ERROR A: .*the key ${new Secret(key).fingerprint}`)
    await program.waitForLine(refusal(first))
    await rewrite(program.path, { A: entryOf('audit', second), Good: good })
    program.kill('SIGHUP')
    await program.waitForLine(refusal(second))
    program.kill()
    assert.equal((await program.result).code, 0)
  })

  it('lets an entry with another key go on where it was', async (t) => {
    const central = await startCentral(t)
    const entry = entryOf('audit')
    const program = await streamHere(t, central, ['--decode_data', '--deliver_all'], {
      input: { A: entry },
    })
    const socket = await central.waitForSocket()
    await socket.send(FRAME)
    await program.waitForLine('"customer":"A"', 'stdout')
    await rewrite(program.path, { A: entryOf('audit') })
    const handshake = central.nextHandshake()
    program.kill('SIGHUP')
    const { headers } = await handshake
    assert.equal(headers['x-deliver-all'], undefined)
    assert.match(String(headers['x-since-time']), /^\d+s$/)
    program.kill()
    assert.equal((await program.result).code, 0)
  })

  it('keeps in the final counters what removed and changed entries had received', async (t) => {
    const central = await startCentral(t)
    const [changing, leaving] = [entryOf('audit'), entryOf('apprf')]
    const program = await streamHere(t, central, ['--decode_data'], {
      input: { Changing: changing, Leaving: leaving },
    })
    const first = await central.waitForSocket({ key: changing.wsskey })
    const gone = await central.waitForSocket({ key: leaving.wsskey })
    await first.send(FRAME)
    await gone.send(FRAME)
    await gone.sendText('no frame')
    await program.waitForLine('"customer":"Changing"', 'stdout')
    await program.waitForLine('a text frame')
    const changed = entryOf('audit')
    await rewrite(program.path, { Changing: changed })
    program.kill('SIGHUP')
    const next = await central.waitForSocket({ key: changed.wsskey })
    await gone.ended
    await next.send(FRAME)
    await until(() => program.lines === 3)
    program.kill()
    const { code, stderr } = await program.result
    assert.equal(code, 0)
    assert.match(
      stderr,
      /1 subscription: 1 ended \(messages=3 bytes=\d+ undecodable=1 delivered=3 /,
    )
    assert.match(
      stderr,
      /before they were changed or removed \(messages=2 bytes=\d+ undecodable=1\)/,
    )
    assert.match(stderr, /Changing: ended \(topic=audit messages=1 /)
  })

  it('tries again what Central had refused', async (t) => {
    const central = await startCentral(t, { unsubscribed: ['audit'] })
    const input = { Unticked: entryOf('audit'), Other: entryOf('apprf') }
    const program = await streamHere(t, central, [], { input })
    await program.waitForLine('Unsubscribed Topic')
    central.keys.subscribe('audit')
    program.kill('SIGHUP')
    await central.waitForSocket({ topic: 'audit' })
    assert.match(await program.waitForLine('read again'), /same=1 tried_again=1/)
    program.kill()
    assert.equal((await program.result).code, 0)
  })
})

describe('an end', { concurrency: 2 }, () => {
  it('asked for while an output is being opened is no failure', async (t) => {
    const central = await startCentral(t)
    const silent = await startSilentServer(t)
    const args = ['--export_data', `nats://127.0.0.1:${silent.port}/aruba`, '--log_level', 'debug']
    const program = await startStream(t, central, args)
    await until(() => silent.connections.length > 0)
    program.kill()
    assert.equal((await program.result).code, 0)
  })

  it('asked for while checking is reported on stdout, and is a failure', async (t) => {
    const central = await startCentral(t)
    central.failValidation({ type: 'stall' })
    const path = await writeInput(t, { A: entryOf('audit') })
    const validated = central.nextValidation()
    const program = runProgram(t, ['check', ...commandLine(central, path, [])])
    await validated
    program.kill('SIGINT')
    const { code, stdout, stderr } = await program.result
    assert.equal(code, 1)
    assert.match(stdout, /^Interrupted: /m)
    assert.equal(stderr, '')
  })

  it('asked for while a reload waits for a pipe tells of messages that were given up', async (t) => {
    const central = await startCentral(t)
    const [pipe, module] = [await makePipe(t), join(tempFolder(t), 'throw.mjs')]
    await writeFile(module, "export default () => { throw new Error('no') }")
    const program = runProgram(t, commandLine(central, pipe, ['--export_data', module]))
    const writer = await openWriter(pipe)
    await writer.writeFile(JSON.stringify({ customers: { A: entryOf('audit') } }))
    await writer.close()
    const socket = await central.waitForSocket()
    await socket.send(FRAME)
    await program.waitForLine('the message is given up')
    program.kill('SIGHUP')
    const silent = await openWriter(pipe)
    program.kill()
    const { code, stderr } = await program.result
    await silent.close()
    assert.match(stderr, /given_up=1/)
    assert.equal(code, 1, stderr)
  })

  it('that comes by itself waits for a receiver that is away', async (t) => {
    const central = await startCentral(t)
    const port = await closedPort()
    const args = ['--no_reconnect', '--export_data', `http://127.0.0.1:${port}/`]
    const program = await streamHere(t, central, args)
    const socket = await central.waitForSocket()
    await socket.send(FRAME)
    socket.close(1000)
    await program.waitForLine('A: ended')
    await program.waitForLine(/refuses connections/)
    const receiver = createServer((request, response) => {
      request.resume()
      request.on('end', () => response.end())
    })
    t.after(() => receiver.close())
    receiver.listen(port, '127.0.0.1')
    const { code, stderr } = await program.result
    assert.equal(code, 0, stderr)
    assert.match(stderr, /delivered=1/)
  })

  it('asked for while stdout is held prints all that the server had sent', async (t) => {
    const central = await startCentral(t)
    const options = { collectStdout: false, nodeOptions }
    const program = await startStream(t, central, ['--decode_data'], options)
    const socket = await central.waitForSocket()
    // With a field that no schema knows, for its size.
    const frame = Buffer.concat([FRAME, Uint8Array.of(0x7a, 0xe8, 0x07), Buffer.alloc(1000)])
    const sending = socket.sendAll(Array.from({ length: 40_000 }, () => frame))
    await until(() => socket.isHeldUp)
    program.kill()
    const closed = socket.ended
    const chunks: Buffer[] = []
    program.child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
    const { code, stderr } = await program.result
    assert.equal(code, 0, stderr)
    assert.equal(printed(Buffer.concat(chunks).toString()).length, await sending)
    assert.equal((await closed).code, 1000)
  })

  it('says nothing of a close() that a module does not have', async (t) => {
    const central = await startCentral(t)
    const folder = tempFolder(t)
    await writeFile(join(folder, 'plain.mjs'), 'export default () => {}')
    const program = await startStream(t, central, ['--export_data', join(folder, 'plain.mjs')])
    await central.waitForSocket()
    program.kill()
    const { code, stderr } = await program.result
    assert.equal(code, 0)
    assert.doesNotMatch(stderr, /close\(\)/)
  })
})

describe('files', () => {
  it('are not written where they are read, nor twice', async (t) => {
    const central = await startCentral(t)
    const path = await writeInput(t, { A: { ...entryOf('audit'), wsskey: makeKey('kept') } })
    const twice = join(tempFolder(t), 'twice')
    for (const args of [
      ['--export_data', `json:${path}`],
      ['--record', path],
      ['--dead_letter', path],
      ['--record', twice, '--dead_letter', twice],
      ['--export_data', `json:${twice}`, '--export_data', `json:${twice}`],
    ]) {
      const { code, stderr } = await runHere(t, commandLine(central, path, args)).result
      assert.equal(code, 2, stderr)
      assert.match(stderr, /expected another file than that of --/)
    }
    assert.equal(central.connections.accepted, 0)
  })
})
