import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { encodeFrame } from '../../src/simulator/classic/encode.js'
import { startCentral } from '../helpers/central.js'
import { withTimes } from '../helpers/preload.js'
import type { Program } from '../helpers/program.js'
import { entryOf, startStream } from '../helpers/stream.js'
import { tempFolder } from '../helpers/temp-folder.js'

/** The time for finishing is 1 s in place of 8 s, and what is under way then has a minute. */
const nodeOptions = withTimes({ 8000: 1000, 800: 60_000 })

const ENTRIES = ['A', 'B', 'C']
const EACH = 60

/**
 * Takes 60 ms a message, tells which ones it has taken, and of calls that it must not get. It ends the program
 * soon after each entry has begun: a test on a busy machine would do so too late.
 */
const SLOW = `
  const busy = new Set()
  const begun = new Set()
  let count = 0
  const say = (text) => process.stderr.write(text + '\\n')
  export default async function (record, { customer, signal }) {
    if (busy.has(customer)) say('OVERLAP')
    if (signal?.aborted) say('CALLED LATE')
    busy.add(customer)
    await new Promise((resolve) => setTimeout(resolve, 60))
    busy.delete(customer)
    say('took ' + record.customer_id)
    if (begun.add(customer).size === ${ENTRIES.length} && ++count === 10) process.kill(process.pid)
    return record
  }`

type Folder = (name: string) => string

async function linesOf(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).split('\n').slice(0, -1)
}

/** Streams more than an output takes within the grace, and says what went where at the program's end. */
async function endWhileSlow(
  t: TestContext,
  argsOf: (path: Folder) => Promise<readonly string[]>,
  end = async (_program: Program) => {},
) {
  const central = await startCentral(t)
  const folder = tempFolder(t)
  const path = (name: string) => join(folder, name)
  const files = ['--record', path('frames'), '--dead_letter', path('dead')]
  const args = [...files, '--export_data', `json:${path('json')}`, ...(await argsOf(path))]
  const input = Object.fromEntries(ENTRIES.map((name) => [name, entryOf('audit')]))
  const program = await startStream(t, central, args, { input, nodeOptions })
  const sockets = await Promise.all(
    ENTRIES.map((name) => central.waitForSocket({ key: String(input[name]?.wsskey) })),
  )
  const sent = ENTRIES.flatMap((name) => Array.from({ length: EACH }, (_, n) => `${name}${n}`))
  for (const [at, socket] of sockets.entries()) {
    const own = sent.filter((id) => id.startsWith(ENTRIES[at] ?? ''))
    await socket.sendAll(
      own.map((id) => Buffer.from(encodeFrame('audit', {}, { timestamp: '1', customer_id: id }))),
    )
  }
  await end(program)
  const { code, stderr } = await program.result
  const idIn = (line: string) => {
    const { frame } = JSON.parse(line)
    return /[ABC]\d+/.exec(Buffer.from(frame, 'base64').toString('latin1'))?.[0] ?? ''
  }
  return {
    sent: sent.sort(),
    code,
    stderr,
    json: (await linesOf(path('json'))).map((line) => JSON.parse(line).customer_id as string),
    recorded: (await linesOf(path('frames'))).map(idIn),
    dead: (await linesOf(path('dead'))).map(idIn),
    took: [...stderr.matchAll(/^took (\w+)$/gm)].map(([, id = '']) => id),
  }
}

async function slowModule(path: Folder): Promise<string> {
  await writeFile(path('slow.mjs'), SLOW)
  return path('slow.mjs')
}

describe('at the end, an output that is slow but works', { concurrency: 3 }, () => {
  it('has each message once, itself or in the dead letter, where it is a module', async (t) => {
    const { sent, code, stderr, json, recorded, dead, took } = await endWhileSlow(
      t,
      async (path) => ['--export_data', await slowModule(path)],
    )
    assert.equal(code, 1, stderr)
    assert.doesNotMatch(stderr, /OVERLAP|CALLED LATE|could not be written| lost/)
    assert.deepEqual([...took, ...dead].sort(), sent)
    assert.ok(dead.length > EACH, `${dead.length} dead letters`)
    assert.deepEqual([json.sort(), recorded.sort()], [sent, sent])
    assert.match(stderr, new RegExp(`${dead.length} messages kept in `))
  })

  it('has each message once, itself or in the dead letter, where it is a transform', async (t) => {
    const { sent, code, stderr, json, recorded, dead, took } = await endWhileSlow(
      t,
      async (path) => ['--transform', await slowModule(path)],
    )
    assert.equal(code, 1, stderr)
    assert.doesNotMatch(stderr, /OVERLAP|could not be written| lost/)
    assert.deepEqual([...took, ...dead].sort(), sent)
    assert.deepEqual([json.sort(), recorded.sort()], [took.sort(), sent])
  })

  it('has each message once, itself or in the dead letter, where it is an HTTP sink', async (t) => {
    const taken: string[] = []
    const server = createServer(async (request, response) => {
      const body = (await request.toArray()).join('')
      setTimeout(() => {
        const ids = body.trim().split('\n')
        taken.push(...ids.map((line) => JSON.parse(line).customer_id as string))
        response.end()
      }, 150)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    const { port } = server.address() as { readonly port: number }
    const { sent, code, stderr, json, recorded, dead } = await endWhileSlow(
      t,
      async () => ['--export_data', `http://127.0.0.1:${port}/#batch=10,gzip=off`],
      async (program) => {
        for (const name of ENTRIES) await program.waitForLine(` ${name}: connected`)
        program.kill('SIGTERM')
      },
    )
    assert.equal(code, 1, stderr)
    assert.doesNotMatch(stderr, /could not be written| lost/)
    assert.deepEqual([...taken, ...dead].sort(), sent)
    assert.deepEqual([json.sort(), recorded.sort()], [sent, sent])
  })
})
