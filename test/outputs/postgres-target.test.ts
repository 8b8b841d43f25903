import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { StreamError } from '../../src/errors.js'
import { openPostgres } from '../../src/outputs/postgres.js'
import { loadPostgres } from '../../src/outputs/postgres-client.js'
import { parsePostgresTarget, readPassword, tlsOf } from '../../src/outputs/postgres-target.js'
import { fakeContext } from '../helpers/export-fakes.js'
import { NOWHERE } from '../helpers/settings.js'
import { listen } from '../helpers/tcp-server.js'
import { tempFolder } from '../helpers/temp-folder.js'

const unusable = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof StreamError)
  assert.equal(error.code, 'exporter-unusable')
  assert.match(error.message, pattern)
  assert.doesNotMatch(error.message, /hunter2/)
  return true
}

const TARGET = parsePostgresTarget('postgres://me@db.example:5433/net', {})

test('postgres reads host, port, user, database and table', () => {
  assert.deepEqual(parsePostgresTarget('postgres://a%20b@[::1]:1/d%20e?table=s.t', {}), {
    host: '::1',
    port: 1,
    database: 'd e',
    user: 'a b',
    table: '"s"."t"',
    name: 'postgres://****@[::1]:1/d%20e',
  })
  const { port, user, table } = parsePostgresTarget('postgres://h/d', { PGUSER: 'me' })
  assert.deepEqual([port, user, table], [5432, 'me', '"aruba_stream"'])
})

test('postgres refuses an address that is none, and never shows a password', () => {
  for (const target of [
    'postgres://',
    'postgres:///d',
    'postgres://h',
    'postgres://h/',
    'postgres://h/d/e',
    'postgres://a,b/d',
    'postgres://h:x/d',
    'postgres://h:70000/d',
    'postgres://h/d#rows',
  ]) {
    assert.throws(() => parsePostgresTarget(target, {}), unusable(/expected postgres:\/\//), target)
  }
  for (const target of ['postgres://me:hunter2@h/d', 'postgres://me:hun/@?#:ter2@h/d']) {
    const refused = unusable(/no password in the URL.*set PGPASSWORD or PGPASSFILE/)
    assert.throws(() => parsePostgresTarget(target, {}), refused)
  }
})

test('postgres refuses a PGSSLMODE that does not exist, and an unknown one opens nothing', async () => {
  const env = { PGSSLMODE: 'verify' }
  assert.throws(() => tlsOf(env), unusable(/PGSSLMODE: expected disable, prefer, require/))
  await assert.rejects(
    openPostgres('postgres://127.0.0.1:1/d', fakeContext({ env })),
    unusable(/PGSSLMODE/),
  )
})

test('postgres names the package to install where it is not installed', async (_t) => {
  await assert.rejects(
    loadPostgres([NOWHERE]),
    unusable(
      /postgres:\/\/ needs a package, installed neither in this folder nor beside the program; run: npm install pg/,
    ),
  )
  const { Client } = await loadPostgres([NOWHERE, import.meta.url])
  assert.equal(typeof Client, 'function')
})

test('postgres takes the password from PGPASSWORD, else from the line of a file that fits', async (t) => {
  const cwd = tempFolder(t)
  const lines = [
    '# a comment:*:*:*:wrong',
    'other:5433:net:me:wrong',
    'db.example:5432:net:me:wrong',
    'db.example:*:net:me:with\\:colon\\\\',
    '*:*:*:*:last',
  ]
  writeFileSync(join(cwd, 'pass'), lines.join('\n'), { mode: 0o600 })
  const read = (env: Record<string, string>, target = TARGET) => readPassword(target, { env, cwd })
  assert.equal(await read({ PGPASSWORD: 'first', PGPASSFILE: 'pass' }), 'first')
  assert.equal(await read({ PGPASSFILE: 'pass' }), 'with:colon\\')
  assert.equal(await read({ PGPASSFILE: 'pass' }, { ...TARGET, user: 'you' }), 'last')
  assert.equal(await read({ HOME: cwd }), undefined)
  writeFileSync(join(cwd, '.pgpass'), '*:*:*:*:home\n', { mode: 0o600 })
  assert.equal(await read({ HOME: cwd }), 'home')
  assert.equal(await read({}), undefined)
})

test('postgres refuses a password file that is missing or that others can read', async (t) => {
  const cwd = tempFolder(t)
  const read = (PGPASSFILE: string) => readPassword(TARGET, { env: { PGPASSFILE }, cwd })
  await assert.rejects(read('nowhere'), unusable(/PGPASSFILE: cannot read nowhere: it does not/))
  writeFileSync(join(cwd, 'pass'), '*:*:*:*:hunter2\n')
  chmodSync(join(cwd, 'pass'), 0o640)
  await assert.rejects(read('pass'), unusable(/other users may read it; run: chmod 600/))
  const context = fakeContext({ cwd, env: { PGPASSFILE: 'pass' } })
  await assert.rejects(openPostgres('postgres://127.0.0.1:1/d', context), unusable(/chmod 600/))
})

test('postgres warns before a password is sent in plain text, and masks what the server quotes of it', async (t) => {
  let asked = 0
  const warned = () => context.logged.some(({ message }) => message.includes('plain text'))
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (packet) => {
      const [kind] = packet.toString('latin1')
      if (packet.length === 8)
        socket.write('N') // no TLS
      else if (kind !== 'p')
        socket.write(packetOf('R', Buffer.from([0, 0, 0, 3]))) // in plain text
      else {
        const password = packet.toString().slice(5, -1)
        assert.equal(password, 'hunter2')
        asked++
        assert.equal(warned(), true)
        const text = `no room for ${password} or ${JSON.stringify(password)}`
        socket.end(packetOf('E', Buffer.from(`SFATAL\0C53300\0M${text}\0D${text}\0\0`)))
      }
    })
  })
  const port = await listen(t, server)
  const context = fakeContext({ env: { PGPASSWORD: 'hunter2' } })
  // This machine, by an address that is not known to be.
  const output = await openPostgres(`postgres://me@0.0.0.0:${port}/d`, context)
  await output.close()
  assert.ok(asked > 0)
  const lines = context.logged.map(({ message }) => message)
  assert.equal(lines.filter((line) => line.includes('plain text')).length, 1)
  assert.ok(lines.some((line) => line.includes('no room for **** or "****" (53300)')))
  assert.doesNotMatch(lines.join('\n'), /hunter2/)
})

function packetOf(kind: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length + 4)
  return Buffer.concat([Buffer.from(kind), length, body])
}
