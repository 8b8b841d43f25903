import assert from 'node:assert/strict'
import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { closedPort, startCentral } from '../helpers/central.js'
import { goldenRecording } from '../helpers/golden.js'
import { refusal, runHere } from '../helpers/here.js'
import { writeInput } from '../helpers/input.js'
import { makeKey, registerKey } from '../helpers/keys.js'
import { noNatsServer, startNatsServer } from '../helpers/nats-server.js'
import { runProgram } from '../helpers/program.js'
import { ROOT } from '../helpers/settings.js'
import { tempFolder } from '../helpers/temp-folder.js'

const PACKAGES = join(ROOT, 'node_modules')
/** A password of nobody's; looked for in the output of every program here. */
const SECRET = registerKey('hunter2-Sw0rdfish')

const WRONG: readonly { readonly type: string; readonly says: RegExp }[] = [
  { type: 'jsno', says: /expected one of json\[:PATH\], csv.*did you mean "json"\?/ },
  { type: 'module.mjs', says: /did you mean "\.\/module\.mjs"\?/ },
  { type: 'json:', says: /expected json\[:PATH\]; got "json:"/ },
  { type: 'json:missing/out.ndjson', says: /the folder "missing" does not exist; create it first/ },
  { type: 'json:.', says: /"\." is a folder; expected a file/ },
  { type: 'csv:a-file', says: /--export_data csv:a-file: "a-file" is a file; expected a folder/ },
  { type: 'csv:a-file/in', says: /in": a part of its path is a file/ },
  { type: 'csv:/proc/none', says: /csv:\/proc\/none: the folder "\/proc" takes no folder/ },
  { type: './a-file', says: /a-file: its default export must be a function; got object/ },
  {
    type: './out.ndjson',
    says: /expected a .*module.*; to write records there, use --export_data json:\.\/out\.n/,
  },
  { type: './class.mjs', says: /its default export must be a function; got a class/ },
  { type: 'tcp:host:1', says: /expected tcp:\/\/HOST:PORT/ },
  {
    type: 'tcp://host',
    says: /expected tcp:\/\/HOST:PORT or tls:\/\/HOST:PORT; got "tcp:\/\/host"/,
  },
  { type: `tls://me:${SECRET}@host:1`, says: /a user or password has no meaning here/ },
  { type: 'http:/host', says: /expected http:\/\/HOST\/PATH/ },
  {
    type: 'http://',
    says: /--export_data: expected a URL such as https:\/\/HOST:PORT\/PATH; got "http:\/\/"/,
  },
  { type: `https://me:${SECRET}@host/in`, says: /set ARUBA_STREAM_HTTP_AUTHORIZATION/ },
  {
    type: 'nats://host',
    says: /--export_data: expected nats:\/\/HOST.*the prefix is words of letters/,
  },
  { type: `nats://me:${SECRET}@host/p`, says: /set NATS_CREDS, NATS_USER and NATS_PASSWORD/ },
  {
    type: 'kafka://host',
    says: /--export_data: expected kafka:\/\/HOST.*the prefix is words of letters/,
  },
  { type: `kafkas://me:${SECRET}@host/p`, says: /set KAFKA_USERNAME and KAFKA_PASSWORD/ },
  { type: './missing.mjs', says: /there is no such file \(looked for / },
  { type: './broken.mjs', says: /--export_data \.\/broken\.mjs: Unexpected token/ },
  { type: './empty.mjs', says: /its default export must be a function; got none/ },
  { type: './closed.mjs', says: /its open\(\) failed: no\b/ },
]

test('a wrong exporter ends the program before any connection is opened', async (t) => {
  const folder = tempFolder(t)
  await writeFile(join(folder, 'a-file'), '')
  await writeFile(join(folder, 'broken.mjs'), 'export default }')
  await writeFile(join(folder, 'class.mjs'), 'export default class Sink { send() {} }')
  await writeFile(join(folder, 'empty.mjs'), 'export const nothing = 1')
  await writeFile(
    join(folder, 'closed.mjs'),
    'export default () => {}\nexport const open = () => { throw new Error("no") }',
  )
  const central = await startCentral(t)
  const input = await writeInput(t, { A: { wsskey: makeKey('key'), topic: 'presence' } })
  const reach = ['--hostname', central.url, '--jsoninput', input]
  for (const { type, says } of WRONG) {
    const args = [...reach, '--export_data', type]
    const { code, stdout, stderr } = await refusal(args, folder)
    assert.equal(code, 2, `${type}: ${stderr}`)
    assert.equal(stdout, '')
    assert.match(stderr, says)
    assert.doesNotMatch(stderr, /\n {4}at /, 'no stack')
  }
  assert.equal(central.connections.accepted, 0)
})

/** The program installed beside its dependencies, but without the optional ones. */
async function installWithoutNats(t: TestContext): Promise<string> {
  const folder = tempFolder(t)
  for (const part of ['dist', 'proto', 'package.json']) {
    await cp(join(ROOT, part), join(folder, part), { recursive: true })
  }
  await mkdir(join(folder, 'node_modules'))
  for (const name of await readdir(PACKAGES)) {
    if (name === '@nats-io' || name.startsWith('.')) continue
    await symlink(join(PACKAGES, name), join(folder, 'node_modules', name))
  }
  return join(folder, 'dist', 'cli.js')
}

test('nats:// without its packages says how to install them', async (t) => {
  const script = await installWithoutNats(t)
  const central = await startCentral(t)
  const input = await writeInput(t, { A: { wsskey: makeKey('key'), topic: 'presence' } })
  const reach = ['--hostname', central.url, '--jsoninput', input]
  const args = [...reach, '--export_data', 'nats://127.0.0.1:1/p']
  const { code, stderr } = await runProgram(t, args, { script, cwd: tempFolder(t) }).result
  assert.equal(code, 2)
  assert.match(stderr, /run: npm install @nats-io\/transport-node @nats-io\/jetstream/)
  assert.equal(central.connections.accepted, 0)
})

test('packages for nats:// that lack their own dependencies are told of', async (t) => {
  const script = await installWithoutNats(t)
  const cwd = tempFolder(t)
  await mkdir(join(cwd, 'node_modules'))
  await cp(join(PACKAGES, '@nats-io'), join(cwd, 'node_modules', '@nats-io'), { recursive: true })
  const input = await writeInput(t, { A: { wsskey: makeKey('key'), topic: 'presence' } })
  const reach = ['--hostname', 'ws://127.0.0.1:1', '--jsoninput', input]
  const args = [...reach, '--export_data', 'nats://127.0.0.1:1/p']
  const { code, stderr } = await runProgram(t, args, { script, cwd }).result
  assert.equal(code, 2)
  assert.match(stderr, /broken \(Cannot find module 'tweetnacl'\); run: npm install @nats-io/)
})

test('the packages for nats:// are found in the current folder', {
  skip: noNatsServer,
}, async (t) => {
  const script = await installWithoutNats(t)
  const cwd = tempFolder(t)
  await symlink(PACKAGES, join(cwd, 'node_modules'))
  const server = await startNatsServer(t, { user: 'me', pass: SECRET })
  const central = await startCentral(t)
  const input = await writeInput(t, { A: { wsskey: makeKey('key'), topic: 'presence' } })
  const target = `nats://127.0.0.1:${server.port}/p?stream=P`
  const args = ['--hostname', central.url, '--jsoninput', input, '--export_data', target]
  const env = { NATS_USER: 'me', NATS_PASSWORD: SECRET }
  const program = runProgram(t, args, { script, cwd, env })
  const line = await program.waitForLine('keeps repeats out')
  assert.match(line, /stream P keeps repeats out for 600 s/)
  await central.waitForSocket()
  program.kill()
  assert.equal((await program.result).code, 0)
})

test('a login that a NATS server refuses is not shown', { skip: noNatsServer }, async (t) => {
  const config = `authorization { user: me, password: "another" }`
  const server = await startNatsServer(t, { config })
  const central = await startCentral(t)
  const input = await writeInput(t, { A: { wsskey: makeKey('key'), topic: 'presence' } })
  const target = `nats://127.0.0.1:${server.port}/p`
  const args = ['--hostname', central.url, '--jsoninput', input, '--export_data', target]
  const env = { NATS_USER: 'me', NATS_PASSWORD: SECRET }
  const { code, stderr } = await runHere(t, args, { env }).result
  assert.equal(code, 2)
  assert.match(stderr, /refused the login; set NATS_CREDS/)
  assert.equal(central.connections.accepted, 0)
})

for (const scheme of ['tcp', 'nats', 'kafka']) {
  test(`streams begin while the other side of ${scheme}:// is not there, and an end is not held up`, async (t) => {
    const central = await startCentral(t)
    const input = await writeInput(t, { A: { wsskey: makeKey('key'), topic: 'presence' } })
    const reach = ['--hostname', central.url, '--jsoninput', input]
    const target = `${scheme}://127.0.0.1:${await closedPort()}${scheme === 'tcp' ? '' : '/p'}`
    const env = { KAFKA_USERNAME: 'me', KAFKA_PASSWORD: SECRET }
    const program = runHere(t, [...reach, '--export_data', target], { env })
    const line = await program.waitForLine('messages wait')
    assert.match(line, /it refuses connections.*trying again until it works/)
    await central.waitForSocket()
    program.kill()
    const { code, stderr } = await program.result
    assert.equal(code, 0, stderr)
  })
}

test('a module that ends the process is told of, and makes the exit code 1', async (t) => {
  const folder = tempFolder(t)
  await writeFile(join(folder, 'exit.mjs'), 'export default () => process.exit(0)')
  await writeFile(join(folder, 'frames.jsonl'), goldenRecording(2))
  const args = ['replay', 'frames.jsonl', '--export_data', './exit.mjs']
  const { code, stderr } = await runProgram(t, args, { cwd: folder }).result
  assert.equal(code, 1)
  assert.match(stderr, /process\.exit\(\) was called in a module/)
})
