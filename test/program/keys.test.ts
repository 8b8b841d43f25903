import assert from 'node:assert/strict'
import { watch } from 'node:fs'
import {
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { Central } from '../../src/simulator/central.js'
import { startCentral } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import { runHere, streamHere } from '../helpers/here.js'
import { writeInput } from '../helpers/input.js'
import { makeKey } from '../helpers/keys.js'
import { runProgram } from '../helpers/program.js'
import { seededRandom } from '../helpers/random.js'
import { sized } from '../helpers/settings.js'
import { commandLine, entryOf, printed } from '../helpers/stream.js'
import { tempFolder } from '../helpers/temp-folder.js'

const KILLS = sized(6, 200)
/** A kill comes so many turns of the event loop after its event, at most. */
const MOST_TURNS = 400

/** Two customers with two topics each, written as no program would write it. */
function handwritten(keyA: string, keyB: string): string {
  return `{
   "note": "kept",  "customers": {
\t"B_audit": { "topic": "audit", "wsskey": "${keyB}", "room": [1,2.50, "x"] },
    "A_monitoring": {"wsskey":"${keyA}","username":"a@example.com","topic":"monitoring"},
    "A_presence":   {"username":"a@example.com", "topic":"presence",
        "wsskey" : "${keyA}"},
    "B_apprf": { "topic": "apprf", "wsskey": "${keyB}" }
  }, "owner": "the \\u006eetwork team" }

`
}

test('a key that has run out is replaced in the file, and nothing else is', async (t) => {
  const [old, renewed, other] = [makeKey('old'), makeKey('renewed'), makeKey('other')]
  const central = await startCentral(t, { keys: [other] })
  central.keys.renew(old, renewed)
  const folder = tempFolder(t)
  const path = join(folder, 'real', 'input.json')
  const link = join(folder, 'link.json')
  await mkdir(dirname(path))
  await writeFile(path, handwritten(old, other), { mode: 0o600 })
  await symlink('real/input.json', link)
  let replaced = 0
  const watcher = watch(dirname(path), (event, name) => {
    if (event === 'rename' && name === 'input.json') replaced += 1
  })
  t.after(() => watcher.close())

  const program = runProgram(t, commandLine(central, link))
  const topics = ['monitoring', 'presence', 'audit', 'apprf']
  const sockets = await Promise.all(topics.map((topic) => central.waitForSocket({ topic })))
  // The file is there before any socket is.
  assert.equal(await readFile(path, 'utf8'), handwritten(renewed, other))
  assert.deepEqual(
    sockets.map(({ key }) => key),
    [renewed, renewed, other, other],
  )
  assert.equal(central.validations.length, 2)
  program.kill()
  const { code, stderr } = await program.result
  assert.equal(code, 0)

  assert.equal((await stat(path)).mode & 0o777, 0o600)
  assert.equal(await readlink(link), 'real/input.json')
  assert.ok((await lstat(path)).isFile())
  assert.deepEqual(await readdir(dirname(path)), ['input.json'])
  assert.equal(replaced, 1)
  assert.equal(stderr.match(/holds the renewed keys now/g)?.length, 1)
})

test('a key renewed while it streams is found after a 401, and the next start uses it', async (t) => {
  const [old, renewed, other] = [makeKey('old'), makeKey('renewed'), makeKey('other')]
  const central = await startCentral(t, { keys: [old, other] })
  const path = await writeInput(t, {
    A: entryOf('monitoring', old),
    A2: entryOf('presence', old),
    B: entryOf('audit', other),
  })
  const first = runHere(t, commandLine(central, path))
  const socket = await central.waitForSocket({ topic: 'monitoring' })
  await central.waitForSocket({ topic: 'presence' })
  await central.waitForSocket({ topic: 'audit' })
  assert.equal(central.validations.length, 2)
  central.keys.renew(old, renewed)
  const next = central.nextSocket({ topic: 'monitoring' })
  socket.close(1001)
  assert.equal((await next).key, renewed)
  assert.equal(central.validations.length, 3)
  const saved = JSON.parse(await readFile(path, 'utf8')).customers
  assert.deepEqual([saved.A.wsskey, saved.A2.wsskey, saved.B.wsskey], [renewed, renewed, other])
  // The other entry with that key streams on; its socket was never refused.
  assert.equal(central.handshakes.filter(({ topic }) => topic === 'presence').length, 1)
  first.kill()
  assert.equal((await first.result).code, 0)

  central.validations.length = 0
  central.handshakes.length = 0
  const second = runHere(t, commandLine(central, path))
  const again = ['monitoring', 'presence', 'audit'].map((topic) => central.nextSocket({ topic }))
  const keys = (await Promise.all(again)).map(({ key }) => key)
  assert.deepEqual(keys, [renewed, renewed, other])
  const asked = central.validations.map(({ key }) => key).sort()
  assert.deepEqual(asked, [renewed, other].sort())
  assert.ok(central.handshakes.every(({ status }) => status === 101))
  second.kill()
  assert.equal((await second.result).code, 0)
})

test('a key pasted into the file is used after a 401, without asking REST', async (t) => {
  const [old, pasted] = [makeKey('old'), makeKey('pasted')]
  const central = await startCentral(t, { keys: [old, pasted] })
  const program = await streamHere(t, central, [], { input: { A: entryOf('audit', old) } })
  const socket = await central.waitForSocket()
  await writeFile(program.path, JSON.stringify({ customers: { A: entryOf('audit', pasted) } }))
  central.keys.refuse(old)
  const next = central.nextSocket()
  socket.close(1001)
  assert.equal((await next).key, pasted)
  assert.equal(central.validations.length, 1)
  program.kill()
  assert.equal((await program.result).code, 0)
})

test('an entry whose key is refused stands beside a good one, which streams on', async (t) => {
  const [good, bad] = [makeKey('good'), makeKey('bad')]
  const central = await startCentral(t, { keys: [good] })
  central.keys.refuse(bad, 403)
  const input = { Bad: entryOf('audit', bad), Good: entryOf('monitoring', good) }
  const program = await streamHere(t, central, ['--decode_data'], { input })
  const socket = await central.waitForSocket()
  assert.match(await program.waitForLine(/ERROR +Bad: /), /403.*download a new key/)
  await socket.sendEmpty()
  await program.waitForLine('"customer":"Good"', 'stdout')
  program.kill()
  const { code, stdout } = await program.result
  assert.equal(code, 0)
  assert.equal(printed(stdout).length, 1)
  assert.deepEqual(
    central.handshakes.map(({ key }) => key),
    [good],
  )
})

test('exit code 3 where every key is refused', async (t) => {
  const central = await startCentral(t)
  const input = { A: entryOf('audit'), B: entryOf('monitoring') }
  central.keys.refuse(input.A.wsskey)
  central.keys.refuse(input.B.wsskey, 403)
  const { code, stdout, stderr } = await (await streamHere(t, central, [], { input })).result
  assert.equal(code, 3, stderr)
  assert.equal(stdout, '')
  assert.equal(central.handshakes.length, 0)
})

/** Forty entries with two keys in turn. */
function manyEntries(keys: readonly [string, string]): string {
  const topics = ['monitoring', 'presence', 'audit', 'apprf']
  const entries = Array.from({ length: 40 }, (_, at) => [
    `Customer_${at}`,
    entryOf(topics[at % 4] ?? 'audit', keys[at % 2]),
  ])
  return `${JSON.stringify({ customers: Object.fromEntries(entries) }, null, 2)}\n`
}

/**
 * Runs the program on a file whose keys have run out, and kills it: after so many events in the folder of
 * the file since the validation, and so many turns; at the latest when the first entry has opened.
 */
async function killAmidRenewal(t: TestContext, central: Central, events: number, turns: number) {
  const before = [makeKey('old 1'), makeKey('old 2')] as const
  const after = [makeKey('new 1'), makeKey('new 2')] as const
  before.forEach((key, at) => {
    central.keys.renew(key, after[at] ?? '')
  })
  const path = await writeInput(t, manyEntries(before))
  const validated = Promise.all(before.map((key) => central.nextValidation({ key })))
  let opened = false
  const handshake = central.nextHandshake({ when: ({ key }) => after.some((each) => each === key) })
  handshake.then(() => {
    opened = true
  })
  let seen = 0
  const watcher = watch(dirname(path), () => {
    seen += 1
  })
  t.after(() => watcher.close())
  const program = runProgram(t, commandLine(central, path))
  await validated
  const seenBefore = seen
  await until(() => opened || seen - seenBefore >= events)
  for (let turn = 0; turn < turns && !opened; turn += 1) await setImmediate()
  program.kill('SIGKILL')
  await program.result
  const text = await readFile(path, 'utf8')
  const state = text === manyEntries(before) ? 'old' : text === manyEntries(after) ? 'new' : 'torn'
  assert.notEqual(state, 'torn', `${text.length} bytes`)
  assert.equal((await stat(path)).mode & 0o777, 0o600)
  watcher.close()
  const leftBehind = (await readdir(dirname(path))).length - 1
  return { state, events: seen - seenBefore, path, leftBehind }
}

test('killed at any moment around the rewrite, the file is whole', async (t) => {
  const central = await startCentral(t)
  const random = seededRandom()
  const whole = await killAmidRenewal(t, central, Number.POSITIVE_INFINITY, 0)
  assert.equal(whole.state, 'new')
  const kills: Awaited<ReturnType<typeof killAmidRenewal>>[] = []
  for (let kill = 0; kill < KILLS; kill += 1) {
    // Spread evenly over the rewrite.
    const events = Math.floor((kill / KILLS) * (whole.events + 1))
    const turns = Math.floor(random() * MOST_TURNS)
    kills.push(await killAmidRenewal(t, central, events, turns))
  }
  const count = (state: string) => kills.filter((each) => each.state === state).length
  const midway = kills.filter(({ leftBehind }) => leftBehind > 0)
  t.diagnostic(
    `${KILLS} kills: ${count('old')} old, ${count('new')} new, ${midway.length} amid the rewrite`,
  )

  // What a killed run leaves behind is in nobody's way.
  const { path } = midway.findLast(({ state }) => state === 'old') ?? whole
  const program = runProgram(t, commandLine(central, path))
  await central.nextSocket()
  assert.deepEqual(await readdir(dirname(path)), ['input.json'])
  program.kill()
  assert.equal((await program.result).code, 0)
})
