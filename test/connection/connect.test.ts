import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Connection, connect } from '../../src/connection/connect.js'
import { Secret } from '../../src/secret.js'
import { FakeClock, until } from '../helpers/clock.js'
import { startWebSocketServer } from '../helpers/websocket-server.js'

test('a server has a second to answer a close frame, in which pauses do not count', async (t) => {
  const server = await startWebSocketServer(t)
  const clock = new FakeClock()
  const stopping = new AbortController()
  let connection: Connection | undefined
  const end = connect({
    endpoint: { answersPings: true, refusal: () => assert.fail('it is not refused') },
    handshake: {
      url: new URL(server.url.replace('http', 'ws')),
      headers: {},
      credential: new Secret('none'),
    },
    verifyCertificates: true,
    clock,
    signal: stopping.signal,
    onOpen: (opened) => {
      connection = opened
    },
    onFrame: () => {},
  })
  await until(() => connection !== undefined)
  stopping.abort()
  await until(() => server.received > 0)
  clock.advance(100)
  connection?.pause()
  assert.equal(clock.timers, 0)
  clock.advance(300)
  connection?.pause()
  connection?.resume()
  clock.advance(899)
  assert.equal(clock.timers, 1)
  clock.advance(1)
  assert.equal((await end).code, 'connection-lost')
  assert.equal(clock.timers, 0)
})
