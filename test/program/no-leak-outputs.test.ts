import assert from 'node:assert/strict'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { encodeFrame } from '../../src/simulator/classic/encode.js'
import { startCentral } from '../helpers/central.js'
import { until } from '../helpers/clock.js'
import { leaksIn, registerKey } from '../helpers/keys.js'
import {
  startQuotingHttp,
  startQuotingKafka,
  startQuotingNats,
  startQuotingPostgres,
} from '../helpers/quoting-servers.js'
import { entryOf, startStream } from '../helpers/stream.js'
import { tempFolder } from '../helpers/temp-folder.js'

const SECRET = registerKey('pa"ss/w&rd<+1>zq!x*yQ7')
const TOKEN = registerKey('xoxb9AbCdEfGhIjKlMnOpQ')
const QUERY = registerKey('query-5f2d8c1b7e')
const ENV = {
  ARUBA_STREAM_HTTP_HEADERS: `X-Key: ${SECRET}`,
  ARUBA_STREAM_HTTP_AUTHORIZATION: `Basic ${btoa(`me:${SECRET}`)}`,
  KAFKA_USERNAME: 'me',
  KAFKA_PASSWORD: SECRET,
  NATS_USER: 'me',
  NATS_PASSWORD: SECRET,
  PGPASSWORD: SECRET,
  PGSSLMODE: 'prefer',
}

// `runProgram` looks for every secret in stdout and stderr.
test('no login of an output is shown where the other side quotes it in all its forms', async (t) => {
  const central = await startCentral(t)
  const deadLetter = join(tempFolder(t), 'dead.ndjson')
  const types = [
    `http://127.0.0.1:${await startQuotingHttp(t)}/services/T0/${TOKEN}?token=${QUERY}`,
    `kafka://127.0.0.1:${await startQuotingKafka(t)}/aruba`,
    `nats://127.0.0.1:${await startQuotingNats(t)}/aruba`,
    `postgres://me@127.0.0.1:${await startQuotingPostgres(t)}/net`,
  ]
  const next = central.nextSocket()
  const exports = types.flatMap((type) => ['--export_data', type])
  const more = ['--dead_letter', deadLetter, '--log_level', 'debug', '--metrics', '0']
  const program = await startStream(t, central, [...exports, ...more], {
    input: { A: entryOf('presence') },
    env: { ...ENV, HOME: tempFolder(t) },
  })
  const [url = ''] = /http:\/\/[^/]+/.exec(await program.waitForLine('status page at')) ?? []
  const pageOf = async (path: string) => (await fetch(url + path)).text()
  const socket = await next
  await socket.send(encodeFrame('presence', {}, { timestamp: '1', customer_id: 'c' }))
  // Each output has heard the login, and says what it heard.
  for (const scheme of ['http', 'kafka', 'nats', 'postgres']) {
    await program.waitForLine(new RegExp(`${scheme}://[^ ]+: .*\\*{4}.*trying again`))
  }
  await until(async () => (await pageOf('/status.json')).match(/"not up for/g)?.length === 4)
  for (const path of ['/status.json', '/metrics', '/readyz', '/healthz', '/livez']) {
    assert.deepEqual(leaksIn(await pageOf(path)), [], path)
  }
  program.kill()
  const { code, stderr } = await program.result
  assert.equal(code, 1, stderr)
  assert.equal(statSync(deadLetter).mode & 0o777, 0o600)
  const kept = readFileSync(deadLetter, 'utf8')
  assert.equal(kept.match(/"exporter":"\w+:/g)?.length, 4)
  assert.deepEqual(leaksIn(kept), [])
})
