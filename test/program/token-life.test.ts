import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { systemClock } from '../../src/clock.js'
import type { Central } from '../../src/simulator/central.js'
import { pace } from '../../src/simulator/feed.js'
import type { NewCentralOptions } from '../../src/simulator/newcentral/service.js'
import type { CentralSocket } from '../../src/simulator/socket.js'
import { until } from '../helpers/clock.js'
import { newCentralEntry, startNewCentral } from '../helpers/new-central.js'
import { sized } from '../helpers/settings.js'
import { startStream } from '../helpers/stream.js'
import { eventFrame, idsOf } from '../simulator/newcentral-client.js'

const TOPIC = 'rssi-events'
const RATE = sized(100, 200)
/** Seconds that a token lives. */
const LIFE = sized(11, 20)
/** Of the entry that is never without a connection: a fifth of this is left to replace one on a busy machine. */
const UNHURRIED_LIFE = 20
/** At full size two minutes. */
const EVENTS = RATE * sized(19, 120)
const WAYS = ['1008', '4000', '1001', 'cut'] as const

/** What the server does, by the name of the entry that streams from it. */
const SERVERS: Readonly<Record<string, NewCentralOptions>> = {
  unhurried: { expires_in: UNHURRIED_LIFE },
  ...Object.fromEntries(
    WAYS.flatMap((expiry_close) =>
      (['by_id', 'none'] as const).map((queue) => [
        `${expiry_close} ${queue}`,
        { expiry_at: 'half', expiry_close, queue, duplicates: queue === 'by_id' ? 5 : 0 },
      ]),
    ),
  ),
}

/** The connections that have ended, and how often one was opened while no other one was, after the first. */
type Connections = { readonly ended: CentralSocket[]; gaps: number }

function watchConnections(central: Central): Connections {
  const open = new Set<CentralSocket>()
  const connections: Connections = { ended: [], gaps: -1 }
  central.on('opened', async (socket) => {
    const isAlone = open.size === 0
    open.add(socket)
    const { code, byServer } = await socket.ended
    open.delete(socket)
    // The program ended during the handshake, and never had this one.
    if (code === 1006 && !byServer) return
    connections.ended.push(socket)
    if (isAlone) connections.gaps++
  })
  return connections
}

async function startServers(t: TestContext) {
  const started = Object.entries(SERVERS).map(async ([name, settings]) => {
    const central = await startNewCentral(t, { expires_in: LIFE, ...settings })
    return { name, settings, central, connections: watchConnections(central) }
  })
  return Promise.all(started)
}

test(`tokens of ${LIFE} s and ${EVENTS} events at ${RATE} a second: each event comes once, or is lost as the server says`, async (t) => {
  const servers = await startServers(t)
  const [first] = servers
  assert.ok(first)
  const input = Object.fromEntries(
    servers.map(({ name, central }) => [
      name,
      newCentralEntry(central, TOPIC, { hostname: central.url }),
    ]),
  )
  const args = ['--decode_data', '--log_format', 'json', '--log_level', 'debug']
  const program = await startStream(t, first.central, args, { input })
  await Promise.all(servers.map(({ central }) => central.waitForSocket()))

  const ids = idsOf('e', EVENTS)
  const due = pace({ rate: RATE, signal: new AbortController().signal, clock: systemClock })
  for (const id of ids) {
    await due()
    const frame = eventFrame(id)
    await Promise.all(servers.map(({ central }) => central.broadcast(TOPIC, frame)))
  }
  const counts = ({ central }: { central: Central }) => central.newCentral.account.counts()
  const sent = () => servers.reduce((sum, server) => sum + counts(server).sent, 0)
  await until(() => servers.every((server) => counts(server).queued === 0))
  await until(
    () => program.lines >= sent(),
    () => `${sent()} lines; ${program.lines} came`,
  )
  program.kill()
  const { code, stdout, stderr } = await program.result
  assert.equal(code, 0)
  // Connections come and go until the program ends.
  await until(() => servers.every(({ central }) => central.sockets.length === 0))
  const ends = servers.map(({ name, central, connections: { ended, gaps } }) => {
    const { account } = central.newCentral
    const repeated = account.lines.filter(
      ({ outcome, socket }) => outcome === 'repeated' && socket && ended.includes(socket),
    )
    return {
      ...{ name, gaps },
      lost: new Set(account.ids('lost')),
      repeated: repeated.length,
      sockets: ended.length,
      tokens: new Set(ended.map(({ key }) => key)).size,
    }
  })

  const received = new Map<string, string[]>(servers.map(({ name }) => [name, []]))
  for (const line of stdout.trimEnd().split('\n')) {
    const { customer, id } = JSON.parse(line)
    received.get(customer)?.push(id)
  }
  const log = stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  for (const { name, lost, repeated, sockets, tokens, gaps } of ends) {
    const own = log.filter(({ entry }) => entry === name)
    const last = own.findLast((line) => 'reconnects' in line)
    const figures = `${sockets} connections, ${tokens} tokens, ${gaps} gaps of ${last?.gap_seconds} s together, ${lost.size} lost, ${repeated} repeated`
    t.diagnostic(`${name}: ${figures}`)
    const got = received.get(name) ?? []
    assert.equal(new Set(got).size, got.length, `${name}: none comes twice`)
    const expected = ids.filter((id) => !lost.has(id))
    assert.deepEqual(new Set(got), new Set(expected), `${name}: ${figures}`)

    assert.equal(last?.reconnects, gaps, name)
    assert.equal(last?.repeats ?? 0, repeated, name)
    const tells = own.some(({ message }) =>
      /connected again after a gap of .*; messages of that time may be missing/.test(message),
    )
    if (name === 'unhurried') {
      // Replaced at 80 % of a token's life, each time with a token that is new.
      assert.equal(gaps, 0, 'it is never without a connection')
      assert.equal(tokens, sockets)
      assert.ok(sockets > sized(1, 7), figures)
      assert.equal(lost.size, 0)
      continue
    }
    assert.ok(gaps >= sized(2, 10), figures)
    assert.ok(tells, `${name}: the log tells of the gap`)
    if (name.endsWith('by_id')) assert.equal(lost.size, 0, name)
  }
})
