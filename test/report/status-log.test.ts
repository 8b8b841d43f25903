import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusTracker } from '../../src/connection/status.js'
import { StreamError } from '../../src/errors.js'
import type { CustomerEntry } from '../../src/input/entries.js'
import { createLogger, type LogLevel } from '../../src/log.js'
import { parseHost } from '../../src/net/host.js'
import { collapseRepeats } from '../../src/report/collapse-repeats.js'
import { StatusLog } from '../../src/report/status-log.js'
import { Secret } from '../../src/secret.js'
import type { AnyTopic } from '../../src/service.js'
import { FakeClock } from '../helpers/clock.js'

const LOST = new StreamError('connection-lost', 'the server closed the connection (1001)')
const GONE = new StreamError('unreachable', 'cannot reach it: it refuses connections')
const TOPICS = ['apprf', 'audit', 'location', 'monitoring', 'presence', 'security'] as const

/** A fleet of customers with six topics each, on these clusters in turn. */
function start(
  customers: number,
  clusters: readonly string[],
  level: LogLevel = 'info',
  topics: readonly AnyTopic[] = TOPICS,
) {
  const lines: string[] = []
  const stopping = new AbortController()
  const clock = new FakeClock()
  const log = createLogger({ write: (text) => lines.push(text.slice(21).trim()), level })
  const collapsing = collapseRepeats(log, { elapsed: () => clock.elapsed() })
  const statusLog = new StatusLog(collapsing, stopping.signal, clock)
  const fleet = Array.from({ length: customers }, (_, at) => {
    const name = `Customer${at + 1}`
    const host = parseHost(clusters[at % clusters.length] ?? '')
    return topics.map((topic) => {
      const label = `${name}.${topic}`
      const key = new Secret('k')
      const entry: CustomerEntry = {
        ...{ name, topic, label, key, host },
        username: undefined,
        hostname: undefined,
      }
      const tracker = new StatusTracker(clock, (status) => statusLog.change(entry, status))
      return { entry, tracker, cluster: host.authority, name }
    })
  }).flat()
  for (const { tracker } of fleet) tracker.connecting(1)
  return {
    fleet,
    clock,
    statusLog,
    stopping,
    of: (cluster: string) => fleet.filter((each) => each.cluster === cluster),
    /** The lines since the last call; with `fields`, those too. */
    news: (fields = false) =>
      lines.splice(0).map((line) => (fields ? line : line.replace(/ \([^()]*\)$/, ''))),
    wait(ms: number) {
      for (let waited = 0; waited < ms; waited += 1000) {
        clock.advance(1000)
        collapsing.logRepeats()
      }
    },
  }
}

const CLUSTERS = ['eu.example', 'us.example', 'ap.example']

test('the start of many subscriptions is a line for each cluster', () => {
  const { fleet, news, wait } = start(40, CLUSTERS)
  for (const { tracker } of fleet) tracker.open()
  assert.deepEqual(news(), [])
  wait(1000)
  assert.deepEqual(news(true), [
    'INFO  eu.example is connected: 84 of 84 subscriptions open (host=eu.example subscriptions=84)',
    'INFO  us.example is connected: 78 of 78 subscriptions open (host=us.example subscriptions=78)',
    'INFO  ap.example is connected: 78 of 78 subscriptions open (host=ap.example subscriptions=78)',
  ])
})

test('subscriptions that open once a key is mended are told at once', () => {
  const { fleet, news, wait } = start(2, ['eu.example'])
  const [good, refused] = [fleet.slice(0, 6), fleet.slice(6)]
  for (const { tracker } of good) tracker.open()
  for (const { tracker } of refused) {
    tracker.refused(new StreamError('key-refused', 'eu.example refused the key'), 600_000)
  }
  wait(2000)
  assert.equal(
    news()[0],
    'INFO  eu.example is connected: 6 of 12 subscriptions open, 6 are refused',
  )
  for (const { tracker } of refused) {
    tracker.connecting(1)
    tracker.open()
  }
  wait(2000)
  assert.deepEqual(news(), ['INFO  eu.example is connected: 12 of 12 subscriptions open'])
})

test('a host that serves both services has a line for each at the start, which names it', () => {
  const { fleet, news, wait } = start(2, ['eu.example'], 'info', [
    'presence',
    'monitoring',
    'ap-events',
    'wids',
  ])
  for (const { tracker } of fleet) tracker.open()
  wait(1000)
  assert.deepEqual(news(true), [
    'INFO  eu.example (Classic Central) is connected: 4 of 4 subscriptions open (host=eu.example subscriptions=4)',
    'INFO  eu.example (New Central) is connected: 4 of 4 subscriptions open (host=eu.example service=newcentral subscriptions=4)',
  ])
})

test('a cluster that goes and comes back is told in a few lines, with the gaps', () => {
  const { fleet, of, news, wait } = start(40, CLUSTERS)
  for (const { tracker } of fleet) tracker.open()
  wait(2000)
  news()
  const down = of('us.example')
  for (const { tracker } of down) {
    tracker.lost(0)
    tracker.retrying(1, 500, LOST)
  }
  wait(1000)
  assert.deepEqual(news(), [
    'WARN  the server closed the connection (1001); 78 of 78 subscriptions are trying again',
  ])
  for (let second = 0; second < 40; second++) {
    for (const { tracker } of down) {
      tracker.connecting(2)
      tracker.retrying(2, 1000, GONE)
    }
    wait(1000)
  }
  assert.deepEqual(news(), [
    'WARN  cannot reach it: it refuses connections; 78 of 78 subscriptions are trying again',
  ])
  for (const { tracker } of down.slice(0, 30)) tracker.open()
  wait(5000)
  assert.deepEqual(news(), [
    'INFO  us.example answers again: 30 of 78 subscriptions open, 48 are trying again; gap 41.0 s; messages of that time may be missing',
  ])
  for (const { tracker } of down.slice(30)) tracker.open()
  wait(2000)
  assert.deepEqual(news(), [
    'INFO  us.example answers again: 78 of 78 subscriptions open; gap 41.0 s to 46.0 s; messages of that time may be missing',
  ])
  // What was held back is over.
  wait(300_000)
  assert.deepEqual(news(), [])
})

test('the last line of a cluster that was away at the start counts all that are open', () => {
  const { fleet, of, news, wait } = start(40, CLUSTERS)
  const down = of('us.example')
  for (const { tracker, cluster } of fleet) if (cluster !== 'us.example') tracker.open()
  for (const { tracker } of down) tracker.retrying(1, 30_000, GONE)
  wait(2000)
  news()
  for (const { tracker } of down) {
    tracker.connecting(2)
    tracker.open()
    wait(4000)
  }
  wait(300_000)
  const lines = news()
  assert.equal(
    lines[0],
    'INFO  us.example is connected: 1 of 78 subscriptions open, 77 are trying again',
  )
  assert.equal(lines.at(-1), 'INFO  us.example is connected: 78 of 78 subscriptions open')
  for (const line of lines) assert.match(line, /^INFO {2}us\.example is connected/)
})

/** Forty customers, of which those on one cluster have lost their connections. */
function startDown() {
  const { fleet, of, news, wait } = start(40, CLUSTERS)
  for (const { tracker } of fleet) tracker.open()
  wait(2000)
  const down = of('us.example')
  for (const { tracker } of down) {
    tracker.lost(0)
    tracker.retrying(1, 500, GONE)
  }
  wait(2000)
  return { down, news, wait }
}

test('a cluster that comes back but for what it refuses says so, under a code that fits', () => {
  const { down, news, wait } = startDown()
  const cause = new StreamError('key-refused', 'us.example refused the key 01234567')
  for (const { tracker } of down.slice(0, 4)) tracker.refused(cause, 600_000)
  wait(2000)
  news()
  for (const { tracker } of down.slice(4)) tracker.open()
  wait(2000)
  assert.deepEqual(news(true), [
    'INFO  us.example answers again: 74 of 78 subscriptions open, 4 are refused; gap 4.0 s; messages of that time may be missing (gap_seconds=4 code=cluster-reconnected host=us.example subscriptions=74)',
  ])
})

test('the gaps of a cluster that keeps going away are told with their number and sum', () => {
  const { fleet, news, wait } = start(3, ['eu.example'])
  for (const { tracker } of fleet) tracker.open()
  wait(2000)
  for (let loss = 0; loss < 12; loss++) {
    for (const { tracker } of fleet) tracker.lost(0)
    for (const { tracker } of fleet) tracker.retrying(1, 500, LOST)
    wait(2000)
    for (const { tracker } of fleet) tracker.open()
    wait(4000)
  }
  assert.deepEqual(
    news(true).filter((line) => line.includes(' gap')),
    [
      'INFO  eu.example answers again: 18 of 18 subscriptions open; gap 2.0 s; messages of that time may be missing (gap_seconds=2 code=cluster-reconnected host=eu.example subscriptions=18)',
      'INFO  10 gaps of 20.0 s in all; messages of those times may be missing [10 times more in the past 60 s] (gap_seconds=20 code=cluster-reconnected host=eu.example subscriptions=18 repeats=10)',
    ],
  )
})

test('a refused key is one line that names what it takes away', () => {
  const { fleet, news, wait } = start(40, CLUSTERS)
  for (const { tracker } of fleet) tracker.open()
  wait(2000)
  news()
  for (const { tracker } of fleet.filter(({ name }) => name === 'Customer7')) {
    tracker.refused(new StreamError('key-refused', 'eu.example refused the key 01234567'), 600_000)
  }
  wait(1000)
  assert.deepEqual(news(), [
    'ERROR eu.example refused the key 01234567; 6 subscriptions are refused and tried again every 10 min, or at once on SIGHUP: Customer7.apprf, Customer7.audit, Customer7.location and 3 more',
  ])
})

test('one subscription that is refused while its cluster comes back is told as one', () => {
  const { down, news, wait } = startDown()
  for (const { tracker } of down.slice(1)) tracker.open()
  wait(500)
  news()
  const cause = new StreamError('key-refused', 'us.example refused the key 01234567')
  down[0]?.tracker.refused(cause, 600_000)
  wait(1000)
  assert.match(
    news().join('\n'),
    /^ERROR us\.example .*; 1 subscription is refused and tried again every 10 min, or at once on SIGHUP: Customer\S+$/m,
  )
})

test('one subscription among many has a line of its own', () => {
  const { fleet, news, wait } = start(40, CLUSTERS)
  for (const { tracker } of fleet) tracker.open()
  wait(2000)
  news()
  const tracker = fleet[0]?.tracker
  tracker?.lost(0)
  tracker?.retrying(1, 500, LOST)
  wait(2000)
  tracker?.open()
  wait(2000)
  assert.deepEqual(news(), [
    'WARN  Customer1.apprf: the server closed the connection (1001); trying again in 0.5 s',
    'INFO  Customer1.apprf: connected again after a gap of 2.0 s; messages of that time may be missing',
  ])
})

test('what is over before it is told is not told', () => {
  const { fleet, news, wait } = start(40, CLUSTERS)
  for (const { tracker } of fleet) tracker.retrying(1, 100, GONE)
  for (const { tracker } of fleet) tracker.open()
  wait(2000)
  assert.equal(news().length, 3)
})

test('the end of many subscriptions is one line', () => {
  const { fleet, clock, statusLog, news, wait } = start(40, CLUSTERS)
  for (const { tracker } of fleet) tracker.open()
  wait(2000)
  news()
  for (const { tracker } of fleet) tracker.ended(undefined)
  statusLog.close()
  assert.equal(clock.timers, 0)
  assert.deepEqual(news(true), ['INFO  240 subscriptions ended (subscriptions=240)'])
})

test('at debug each subscription has its lines', () => {
  const { fleet, news } = start(2, ['eu.example'], 'debug')
  news()
  for (const { tracker } of fleet) tracker.open()
  assert.equal(news()[11], 'DEBUG Customer2.security: connected')
})

test('where there are few subscriptions, each has lines of its own at once', () => {
  const { fleet, news } = start(1, ['eu.example'])
  for (const { tracker } of fleet) tracker.open()
  assert.equal(news().length, 6)
})

test('the end that was asked for has no line for each subscription: the counters tell of it', () => {
  for (const customers of [1, 40]) {
    const { fleet, news, stopping, statusLog } = start(customers, CLUSTERS)
    for (const { tracker } of fleet) tracker.open()
    statusLog.close()
    news()
    stopping.abort()
    const [broken, ...others] = fleet
    for (const { tracker } of others) tracker.ended(undefined)
    broken?.tracker.ended(LOST)
    statusLog.close()
    const [line, ...more] = news()
    assert.match(line ?? '', /^ERROR .*ended: the server closed the connection/)
    assert.deepEqual(more, [])
  }
})
