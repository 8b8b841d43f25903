import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Page } from 'playwright-core'
import { TOPICS } from '../../src/classic/topics.js'
import { StreamError } from '../../src/errors.js'
import type { LogEvent } from '../../src/recent-log.js'
import { startMetrics } from '../../src/report/metrics.js'
import type { EntrySnapshot, Snapshot } from '../../src/report/snapshot.js'
import { FakeClock } from '../helpers/clock.js'
import { needs } from '../helpers/needs.js'
import { entry, NOW, OPEN, PROGRESS, snapshotOf, UP } from '../helpers/snapshot.js'

const HOSTILE = '<img src=x onerror="document.title=1">'
const HOSTS = ['eu.example', 'us.example', 'ap.example']
const cause = new StreamError('unreachable', 'it refuses connections')
const away = { ...PROGRESS, type: 'retrying', since: NOW, attempt: 3, delayMs: 9, cause } as const
const key = new StreamError('key-refused', 'eu.example refused the key 01234567')
const refused = { ...PROGRESS, type: 'refused', at: NOW, cause: key } as const

/** 240 subscriptions on three clusters; in an outage one of them is away, and a key is refused. */
function fleet(outage: boolean): EntrySnapshot[] {
  return Array.from({ length: 240 }, (_, at) => {
    const customer = Math.floor(at / 6)
    const host = HOSTS[customer % 3] ?? ''
    const name = customer === 9 ? HOSTILE : `Customer${customer + 1}`
    const trouble = host === 'us.example' ? away : customer === 6 ? refused : undefined
    const open = {
      ...OPEN,
      bytes: 50_000 * at,
      frameAgeMs: 900 * at,
      gapMs: at % 7 === 0 ? 41_000 : 0,
    }
    return entry(name, {
      ...{ topic: TOPICS[at % 6] ?? 'audit', label: `${name}.${at % 6}`, host },
      ...{ messages: 311 * at, delayMs: 40 * at, credentialAge: 86_400 * (at % 7) },
      status: (outage && trouble) || open,
    })
  })
}

function snapshotIn(outage: boolean): Snapshot {
  const counters = { delivered: 449_766, retried: 0, givenUp: 0, kept: 0, waiting: 12 }
  const broken = { delivered: 9000, retried: 41, givenUp: 3, kept: 3, waiting: 1800 }
  const lastError = new StreamError('timed-out', 'nats.example:4222: no answer in time')
  const state = outage ? { up: false, since: NOW - 90_000, lastError } : UP
  return snapshotOf(
    fleet(outage),
    [
      { name: 'json:records.ndjson', state: UP, counters },
      { name: 'nats://nats.example:4222/aruba', state, counters: outage ? broken : counters },
    ],
    { upMs: 33e6 },
  )
}

const events: LogEvent[] = Array.from({ length: 50 }, (_, at) => ({
  at: NOW - at * 7000,
  level: at === 0 ? 'warn' : 'info',
  where: at === 0 ? HOSTILE : '',
  message: at === 0 ? 'it refuses connections; 78 of 78 subscriptions are trying again' : 'a line',
}))

/** A server whose outage is switched on and off. */
async function start(t: TestContext, host = '127.0.0.1') {
  const world = { outage: false }
  const clock = new FakeClock(NOW)
  let messages = 0
  const server = await startMetrics({
    ...{ host, port: 0, version: '2.0.0', clock },
    events: () => events,
    snapshot: () => {
      const state = snapshotIn(world.outage)
      return { ...state, earlier: { messages, bytes: 0, undecodable: 0, filtered: undefined } }
    },
  })
  t.after(() => server.close())
  for (let at = 0; at < 300; at++) {
    messages += 400 + Math.round(150 * Math.sin(at / 20)) - (at > 200 && at < 215 ? 250 : 0)
    clock.advance(10_000)
    server.sample()
  }
  return {
    url: server.url,
    port: server.port,
    set(outage: boolean) {
      world.outage = outage
      clock.advance(1000)
    },
  }
}

/** What is answered to a request with this `Host`. */
function askAs(port: number, path: string, host: string): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    })
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('close', () => resolve(text.split('\r\n')[0] ?? ''))
  })
}

test('the page and its data answer to names of this machine alone', async (t) => {
  const { port } = await start(t)
  for (const path of ['/', '/status.json']) {
    for (const host of [
      '127.0.0.1',
      `127.0.0.1:${port}`,
      'localhost:9',
      '[::1]:9',
      'a.localhost',
    ]) {
      assert.match(await askAs(port, path, host), /200/, host)
    }
    for (const host of ['evil.example', `evil.example:${port}`, '', '127.0.0.1.evil.example']) {
      assert.match(await askAs(port, path, host), /403/, host)
    }
  }
  assert.match(await askAs(port, '/metrics', 'prometheus.example'), /200/)
})

test('the page may load and send nothing, and takes no method that changes anything', async (t) => {
  const { url } = await start(t)
  const answer = await fetch(`${url}/`)
  const policy = answer.headers.get('content-security-policy') ?? ''
  assert.match(policy, /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+';/)
  assert.match(policy, /form-action 'none'/)
  assert.doesNotMatch(await answer.text(), /innerHTML|https?:|unsafe|eval/)
  for (const path of ['/', '/status.json']) {
    assert.equal((await fetch(url + path, { method: 'POST' })).status, 405)
  }
})

test('the data say what is wrong, and hold no secret', async (t) => {
  const server = await start(t)
  server.set(true)
  const text = await (await fetch(`${server.url}/status.json`)).text()
  const data = JSON.parse(text)
  assert.equal(data.summary, '240 subscriptions: 156 open, 78 retrying, 6 refused')
  assert.deepEqual(
    data.reasons.map(({ host, what, count }: Record<string, unknown>) => [host, what, count]),
    [
      ['eu.example', 'refused: key-refused', 6],
      ['us.example', 'retrying: unreachable', 78],
    ],
  )
  assert.equal(data.subscriptions[0].state, 'refused')
  assert.equal(data.outputs[1].error, 'nats.example:4222: no answer in time')
  assert.equal(data.rates.length, 299)
  assert.equal(data.events.length, 50)
})

const SHOTS = process.env.ARUBA_STREAM_SCREENSHOTS

async function shoot(page: Page, name: string): Promise<void> {
  if (SHOTS) await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: false })
}

test(
  'in a browser the page shows an outage, filters, and fits a narrow screen',
  needs('chromium'),
  async (t) => {
    const server = await start(t)
    const { chromium } = await import('playwright-core')
    const browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox'],
    })
    t.after(() => browser.close())
    const page = await browser.newPage({ viewport: { width: 1280, height: 1600 } })
    const faults: string[] = []
    page.on('pageerror', ({ message }) => faults.push(message))
    page.on('console', (line) => {
      if (line.type() === 'error') faults.push(line.text())
    })
    await page.goto(`${server.url}/`)
    const rows = page.locator('#subscriptions tbody tr')
    await rows.nth(239).waitFor()
    assert.equal(await page.locator('#states').textContent(), '240 subscriptions: 240 open')
    assert.equal(await page.locator('#notes').isVisible(), false)
    assert.match((await page.locator('path.line').getAttribute('d')) ?? '', /^M61,/)
    await shoot(page, 'healthy-light')

    server.set(true)
    await page.locator('#notes div').nth(1).waitFor()
    assert.match((await rows.first().textContent()) ?? '', /^Customer7apprf.*refused: key-refused/)
    assert.equal(await page.locator('#clusters tbody tr').count(), 3)
    assert.match((await page.locator('#outputs tbody tr').nth(1).textContent()) ?? '', /no answer/)
    await shoot(page, 'outage-light')

    await page.locator('#filter').fill('us.example presence')
    assert.equal(await page.locator('#shown').textContent(), '13 of 240')
    assert.equal(await rows.count(), 13)
    await page.locator('#filter').fill('')
    // What others have named is text, never markup.
    assert.ok((await page.locator('#subscriptions').textContent())?.includes(HOSTILE))
    assert.ok((await page.locator('#events').textContent())?.includes(HOSTILE))
    assert.equal(await page.locator('img').count(), 0)
    assert.equal(await page.title(), 'aruba-stream')

    await page.emulateMedia({ colorScheme: 'dark' })
    await shoot(page, 'outage-dark')
    await page.setViewportSize({ width: 400, height: 900 })
    const isCut = await page.evaluate('document.documentElement.scrollWidth > innerWidth')
    assert.equal(isCut, false)
    await shoot(page, 'outage-dark-400')
    await page.evaluate('scrollTo(0, 900)')
    await shoot(page, 'outage-dark-400-below')
    server.set(false)
    await page.getByText('240 subscriptions: 240 open').waitFor()
    assert.deepEqual(faults, [])
  },
)
