import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { TOPICS } from '../../src/classic/topics.js'
import type { Central } from '../../src/simulator/central.js'
import { closedPort, startCentral } from '../helpers/central.js'
import { refusal } from '../helpers/here.js'
import { type InputEntry, writeInput } from '../helpers/input.js'
import { makeKey, registerKey } from '../helpers/keys.js'
import { type ProgramOptions, runProgram } from '../helpers/program.js'
import { commandLine, entryOf, startStream } from '../helpers/stream.js'

// `runProgram` looks for every key in all output; what is asserted here is that the case arose.

const LOUD = ['--decode_data', '--log_level', 'debug']

/** One entry a topic, named after it, each with a key of its own. */
function entries(label: string): Record<string, InputEntry> {
  return Object.fromEntries(
    TOPICS.map((topic) => [topic, entryOf(topic, makeKey(`${label} ${topic}`))]),
  )
}

/** Runs the program to its end. */
async function run(
  t: TestContext,
  central: Pick<Central, 'url'>,
  input: Parameters<typeof writeInput>[1],
  options: ProgramOptions & { readonly args?: readonly string[] } = {},
) {
  const args = [...LOUD, '--no_reconnect', ...(options.args ?? [])]
  return (await startStream(t, central, args, { ...options, input })).result
}

describe('no key is shown where', { concurrency: 2 }, () => {
  it('it stands at the wrong place of the input file, or breaks its JSON', async (t) => {
    const central = await startCentral(t)
    const good = JSON.stringify(entryOf('audit'))
    const texts = [
      { A: { wsskey: makeKey('right'), topic: makeKey('as topic') } },
      { A: { ...entryOf('audit'), hostname: makeKey('as host') } },
      { A: { ...entryOf('audit'), username: `${makeKey('as user')}\u0007` } },
      { A: entryOf('audit', registerKey(`${makeKey('line 1')}\r\n${makeKey('line 2')}`)) },
      `{"customers": {"A": {"topic": "audit", "wsskey": ${makeKey('bare')}}}}`,
      `{"customers": {"A": {"topic": "audit", "wsskey": '${makeKey('quoted')}'}}}`,
      `{"customers": {"A": {"topic": "audit", "wsskey": "${makeKey('then a comma')}",}}}`,
      `{"customers": {"A": ${good} "${makeKey('as name')}": ${good}}}`,
      `{"customers": {"${makeKey('as name')}": {"topic": "wifi"}}}`,
      `${makeKey('alone')}\n`,
      `{"customers": "${makeKey('as customers')}"}`,
    ]
    for (const text of texts) {
      const { code, stderr } = await refusal(commandLine(central, await writeInput(t, text), LOUD))
      assert.equal(code, 2, stderr)
    }
    const { code, stderr } = await run(t, central, texts[0] ?? '')
    assert.equal(code, 2, stderr)
    assert.equal(central.connections.accepted, 0)
  })

  it('it stands on the command line by mistake', async (t) => {
    const args = [
      [makeKey('as word')],
      [`--wsskey=${makeKey('as unknown option')}`],
      ['--wsskey', makeKey('behind an unknown option')],
      [`--hostname=${makeKey('as host')}`, '--jsoninput', 'input.json'],
    ]
    for (const each of args) {
      const { code, stderr } = await refusal(each)
      assert.equal(code, 2, stderr)
    }
    const { code, stderr } = await runProgram(t, args.flat()).result
    assert.equal(code, 2, stderr)
  })

  it('the server repeats it, in answers to the handshake', async (t) => {
    const central = await startCentral(t)
    const input = entries('echoed')
    for (const [at, { topic, wsskey: key }] of Object.values(input).entries()) {
      const [, payload = '', signature = ''] = key.split('.')
      const headers = { Location: `https://${signature.slice(0, 40)}.example/${key}` }
      const body = `bad key ${key}, ${payload} or ${signature}`
      const status = [302, 400, 401, 403, 404, 503][at] ?? 400
      central.failHandshake({ type: 'answer', status, headers, body }, { topic })
    }
    const { code, stderr } = await run(t, central, input)
    assert.equal(code, 1, stderr)
    for (const topic of TOPICS) assert.match(stderr, new RegExp(`ERROR +${topic}: .*answered`))
  })

  it('the server repeats it, in answers to the validation', async (t) => {
    const central = await startCentral(t)
    const input = entries('validated')
    for (const [at, { wsskey: key }] of Object.values(input).entries()) {
      const headers = { Location: `https://central.example/${key}` }
      const body = `{"error": "${key} is not known", "token": ${key}`
      const status = [200, 302, 401, 403, 404, 500][at] ?? 400
      central.failValidation({ type: 'answer', status, headers, body }, { key })
      central.failHandshake({ type: 'answer', status: 403, body: key }, { key })
    }
    const { code, stderr } = await run(t, central, input)
    assert.equal(code, 3, stderr)
    assert.equal(central.validations.length, TOPICS.length)
    assert.equal(central.handshakes.length, TOPICS.length - 2)
  })

  it('the server repeats it when it closes, or in a frame that is none', async (t) => {
    const central = await startCentral(t)
    const key = makeKey('in the reason')
    const next = central.nextSocket()
    const ending = run(t, central, { A: entryOf('audit', key) })
    const socket = await next
    await socket.sendText(`Authorization: ${key}`)
    await socket.send(Buffer.from(key))
    socket.close(4001, key.slice(-100))
    const { code, stderr } = await ending
    assert.equal(code, 1, stderr)
    assert.match(stderr, /code 4001/)
    assert.match(stderr, /frame-undecodable/)
  })

  it('it is renewed, and the file cannot hold the new one', async (t) => {
    const central = await startCentral(t, { unsubscribed: ['audit'] })
    const old = makeKey('old')
    central.keys.renew(old, makeKey('renewed'))
    const { code, stderr } = await run(t, central, { A: entryOf('audit', old) })
    assert.equal(code, 3)
    assert.match(stderr, /Central has renewed a key \(.*key=[\da-f]{8} replaced_by=[\da-f]{8}/)
    // A pipe in place of a file can be read once and not written.
    const path = await writeInput(t, JSON.stringify({ customers: { A: entryOf('audit', old) } }))
    const args = commandLine(central, '/dev/stdin', LOUD)
    const piped = await runProgram(t, args, { shell: `cat '${path}' | "$@"` }).result
    assert.equal(piped.code, 3, piped.stderr)
    assert.match(piped.stderr, /the renewed keys serve this run alone/)
  })

  it('a check tells what is wrong with it', async (t) => {
    const central = await startCentral(t)
    const [refused, echoed] = [makeKey('refused'), makeKey('echoed')]
    const echo = (status: number, body: string) => ({ type: 'answer', status, body }) as const
    central.failValidation(echo(403, refused), { key: refused }, Number.POSITIVE_INFINITY)
    central.failHandshake(echo(404, echoed), { key: echoed }, Number.POSITIVE_INFINITY)
    const input = { A: entryOf('audit', refused), B: entryOf('apprf', echoed) }
    const path = await writeInput(t, input)
    for (const more of [[], ['--json']]) {
      const args = ['check', ...commandLine(central, path, []), ...more]
      const { code, stdout } = await runProgram(t, args).result
      assert.equal(code, 3, stdout)
    }
  })
})

describe('the password of a proxy is not shown where the proxy', { concurrency: 2 }, () => {
  const PASSWORD = registerKey('p4ssw0rd-of-the-proxy')

  it('refuses connections', async (t) => {
    const proxy = `http://user:${PASSWORD}@127.0.0.1:${await closedPort()}`
    const env = { HTTP_PROXY: proxy, http_proxy: undefined }
    const { code, stderr } = await run(t, await startCentral(t), { A: entryOf('audit') }, { env })
    assert.equal(code, 1, stderr)
    assert.match(stderr, /code=proxy-failed/)
  })

  it('is of a kind that is not supported, or no URL', async (t) => {
    for (const proxy of [
      `socks5://user:${PASSWORD}@127.0.0.1:1080`,
      `http://user:${PASSWORD}@:x`,
    ]) {
      const central = await startCentral(t)
      const { code, stderr } = await run(
        t,
        central,
        { A: entryOf('audit') },
        { env: { HTTP_PROXY: proxy } },
      )
      assert.equal(code, 1, stderr)
      assert.match(stderr, /code=proxy-failed/)
      assert.equal(central.connections.accepted, 0)
    }
  })
})
