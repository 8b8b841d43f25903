import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { chromium, type Page } from 'playwright-core'
import { encodeFrame } from '../../src/simulator/classic/encode.js'
import { closedPort, startCentral } from '../helpers/central.js'
import { type ListInput, writeInput } from '../helpers/input.js'
import { leaksIn, makeKey } from '../helpers/keys.js'
import { needs, whereIs } from '../helpers/needs.js'
import { runProgram } from '../helpers/program.js'

const TOPICS = ['monitoring', 'presence', 'location', 'audit', 'apprf', 'security']
/** Names of entries that would do something in a page of markup. */
const HOSTILE = [
  `<script>document.title='forged'</script>`,
  `<img src=x onerror="document.title='forged'">`,
  `"'&amp; \u202egpj.exe`,
  'x'.repeat(300),
]
/** Far longer than a busy machine takes. */
const WAIT_MS = 90_000

/** 40 customers with six topics each on three clusters, of which one refuses a topic to one customer. */
async function startProgram(t: TestContext) {
  const clusters = await Promise.all([startCentral(t), startCentral(t), startCentral(t)])
  const customers: Record<string, ListInput> = {}
  for (let at = 0; at < 40; at++) {
    const wsskey = makeKey(`customer ${at}`)
    const hostname = clusters[at % 3]?.url ?? ''
    customers[HOSTILE[at] ?? `Customer${at}`] = { wsskey, topics: TOPICS, hostname }
    if (at === 39) clusters[0].keys.unsubscribe('audit', wsskey)
  }
  const output = `http://127.0.0.1:${await closedPort()}/`
  const program = runProgram(t, [
    ...['--jsoninput', await writeInput(t, customers)],
    ...['--export_data', output, '--metrics', '0'],
  ])
  const [url = ''] = /http:\/\/[^/]+\//.exec(await program.waitForLine('status page at')) ?? []
  return { clusters, program, url, output }
}

/** Opens the page in a browser, and keeps what the browser asks for and complains about. */
async function openPage(t: TestContext, url: string) {
  // Its own sandbox does not work for root, nor in most containers.
  const browser = await chromium.launch({
    executablePath: whereIs('chromium'),
    chromiumSandbox: false,
  })
  t.after(() => browser.close())
  const page = await browser.newPage({ colorScheme: 'light' })
  page.setDefaultTimeout(WAIT_MS)
  const asked = new Set<string>()
  const complaints: string[] = []
  page.on('request', (request) => asked.add(request.url()))
  page.on('console', (message) => complaints.push(message.text()))
  page.on('pageerror', ({ message }) => complaints.push(message))
  await page.goto(url)
  return { page, asked, complaints }
}

const seen = (page: Page, selector: string, hasText: string | RegExp) =>
  page.locator(selector, { hasText }).first().waitFor()
const rows = (page: Page) => page.locator('#subscriptions tbody tr:visible')
const background = (page: Page) => page.evaluate('getComputedStyle(document.body).backgroundColor')

test('a browser shows 240 subscriptions, hostile names, an outage, a filter, and that the program has ended', {
  ...needs('chromium'),
}, async (t) => {
  const { clusters, program, url, output } = await startProgram(t)
  const { page, asked, complaints } = await openPage(t, url)

  await seen(page, '#summary', /^240 subscriptions: 239 open, 1 refused$/)
  await seen(page, '#headline', /^1 of 240 subscriptions in trouble$/)
  await seen(page, '#reasons li', /^1 refused: topic-unsubscribed/)
  assert.equal(await rows(page).count(), 240)
  assert.match((await rows(page).first().textContent()) ?? '', /^Customer39auditrefused/)
  const names = new Set(await page.locator('#subscriptions td.name').allTextContents())
  for (const name of HOSTILE) assert.ok(names.has(name.replace('\u202e', '\\u202e')), name)
  assert.match(await page.title(), /^1 of 240/)
  // Even a script of the page's own cannot make markup of a text.
  await assert.rejects(page.evaluate("document.body.innerHTML = '<b>'"), /TrustedHTML/)

  await clusters[0].broadcast(
    'presence',
    encodeFrame('presence', {}, { timestamp: '1', customer_id: 'c' }),
  )
  await seen(page, '#outputs tr', new RegExp(`^${output}not up for`))
  await seen(page, '#totals', /Messages14/)
  const lost = new URL(clusters[1].url).host
  await clusters[1].close()
  await seen(page, '#headline', '79 of 240 subscriptions in trouble, 1 of 1 outputs not up')
  await seen(page, '#reasons li', new RegExp(`^78 retrying: .*${lost}`))
  await seen(page, '#clusters tr', `${lost}0 of 7878`)
  await seen(page, '#log li', `cannot reach ${lost}`)

  await page.fill('#filter', `${lost} PRESENCE`)
  assert.equal(await rows(page).count(), 13)
  assert.equal(await page.textContent('#shown'), '13 of 240')
  await page.fill('#filter', '<script>')
  assert.equal(await rows(page).count(), 6)
  await page.fill('#filter', '')
  assert.equal(await rows(page).count(), 240)

  const light = await background(page)
  await page.emulateMedia({ colorScheme: 'dark' })
  assert.notEqual(await background(page), light)
  for (const width of [320, 400, 800, 1280]) {
    await page.setViewportSize({ width, height: 800 })
    await page.evaluate(
      'document.querySelector("#headline").textContent = "app-eucentral3.central.arubanetworks.com is away"',
    )
    assert.ok((await page.evaluate('document.documentElement.scrollWidth')) === width, `${width}`)
    assert.ok(await page.locator('td.state').first().isVisible())
  }

  const strangers = complaints.filter((text) => !text.includes('TrustedHTML'))
  assert.deepEqual(strangers, [])
  const paths = [...asked].filter((each) => !each.startsWith('data:'))
  assert.deepEqual(paths.map((each) => each.replace(url, '/')).sort(), [
    ...['/', '/script.js', '/status.json', '/style.css'],
  ])
  assert.deepEqual(leaksIn(await page.content()), [])
  assert.deepEqual(leaksIn(await (await fetch(`${url}status.json`)).text()), [])

  program.kill('SIGKILL')
  await seen(page, '#stale', 'has not answered since')
  assert.match(await page.title(), /^no answer/)
})
