import assert from 'node:assert/strict'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { StreamError } from '../../src/errors.js'
import { openHttp } from '../../src/outputs/http.js'
import { closedPort } from '../helpers/central.js'
import { FakeClock, until } from '../helpers/clock.js'
import {
  fakeContext,
  fakeMessage,
  firstArrivals,
  isPending,
  linesOf,
} from '../helpers/export-fakes.js'
import { exportUnderKills, mortal, startReceiver } from '../helpers/mortal.js'
import { setProxies } from '../helpers/proxy.js'
import { sized } from '../helpers/settings.js'
import { listen, startTcpServer } from '../helpers/tcp-server.js'
import { tempFolder } from '../helpers/temp-folder.js'
import { certificates } from '../helpers/tls.js'

/** What the killed receiver gets. */
const MESSAGES = sized(12_000, 120_000)
/** What is sent while a receiver that worked refuses all. */
const REFUSED = sized(100, 20_000)

type Post = {
  readonly headers: http.IncomingHttpHeaders
  readonly url: string
  readonly body: string
}
type Answer = (response: http.ServerResponse, nth: number, body: string) => void

const ok: Answer = (response) => response.writeHead(200).end('taken')

/** A receiver that keeps what it got and answers as told. */
async function receiver(
  t: TestContext,
  answer: Answer = ok,
): Promise<{ url: string; posts: Post[] }> {
  const posts: Post[] = []
  const server = http.createServer(async (request, response) => {
    const { headers } = request
    const bytes = await buffer(request)
    const body = (headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString()
    posts.push({ headers, url: `${request.method} ${request.url}`, body })
    answer(response, posts.length, body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/in?q=1`, posts }
}

const messagesTo = (count: number) => Array.from({ length: count }, (_, n) => fakeMessage('a', n))

test('http posts gzipped batches in order, none larger than 1,000 messages', async (t) => {
  const { url, posts } = await receiver(t)
  const context = fakeContext({ env: { ARUBA_STREAM_HTTP_AUTHORIZATION: 'Splunk 123' } })
  const output = await openHttp(url, context)
  const messages = messagesTo(2500)
  for (const message of messages) await output.write([message])
  await output.close()
  assert.equal(
    posts.map(({ body }) => body).join(''),
    Buffer.concat(messages.map(({ line }) => line)).toString(),
  )
  assert.deepEqual(
    posts.map(({ body }) => body.split('\n').length - 1),
    [1000, 1000, 500],
  )
  for (const { headers, url } of posts) {
    assert.equal(url, 'POST /in?q=1')
    assert.equal(headers['content-type'], 'application/x-ndjson')
    assert.equal(headers['content-encoding'], 'gzip')
    assert.equal(headers.authorization, 'Splunk 123')
  }
  assert.deepEqual(context.counters, {
    delivered: 2500,
    retried: 0,
    givenUp: 0,
    kept: 0,
    waiting: 0,
  })
})

test('http sends what there is within about a second', async (t) => {
  let arrive = () => {}
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve
  })
  const { url } = await receiver(t, (response) => {
    response.writeHead(200).end()
    arrive()
  })
  const context = fakeContext()
  const output = await openHttp(url, context)
  output.write([fakeMessage('a', 1)])
  await arrived
  await output.close()
  assert.equal(context.counters.delivered, 1)
})

for (const status of [408, 429, 500, 503]) {
  test(`http repeats a batch that is answered with ${status}`, async (t) => {
    const { url, posts } = await receiver(t, (response, nth) =>
      nth < 4 ? response.writeHead(status).end('later') : ok(response, nth, ''),
    )
    const context = fakeContext()
    const output = await openHttp(url, context)
    for (const message of messagesTo(10)) await output.write([message])
    await output.close()
    assert.equal(posts.length, 4)
    assert.equal(new Set(posts.map(({ body }) => body)).size, 1)
    assert.deepEqual(context.counters, {
      delivered: 10,
      retried: 30,
      givenUp: 0,
      kept: 0,
      waiting: 0,
    })
    assert.equal(context.logged.length, 2)
    assert.match(context.logged[0]?.message ?? '', new RegExp(`answered ${status}: later`))
    assert.match(context.logged[1]?.message ?? '', /^works again after 3 failures/)
  })
}

test('http logs that it works again where a refusal ends the trouble', async (t) => {
  const { url } = await receiver(t, (response, nth) =>
    response.writeHead(nth < 3 ? 503 : 400).end(),
  )
  const context = fakeContext()
  const output = await openHttp(url, context)
  await output.write([fakeMessage('a', 1)])
  await output.close()
  assert.equal(context.counters.givenUp, 1)
  assert.match(context.logged.at(-1)?.message ?? '', /^works again after 2 failures/)
})

test('http waits as long as Retry-After asks', async (t) => {
  const clock = new FakeClock()
  const { url, posts } = await receiver(t, (response, nth) =>
    nth === 1 ? response.writeHead(503, { 'retry-after': '7' }).end() : ok(response, nth, ''),
  )
  const context = fakeContext({ clock })
  const output = await openHttp(url, context)
  await output.write([fakeMessage('a', 1)])
  const closing = output.close()
  await until(() => context.counters.retried === 1)
  clock.advance(6_999)
  assert.equal(clock.timers, 1, 'it waits')
  assert.equal(posts.length, 1)
  clock.advance(1)
  await closing
  assert.equal(posts.length, 2)
})

/** The numbers of the messages in a body. */
const numbersIn = (body: string) =>
  Array.from(body.matchAll(/"n":(\d+)/g), ([, number]) => Number(number))

for (const status of [400, 413, 422]) {
  test(`http finds the one message of 1,000 that is answered with ${status}, and delivers the others in order`, async (t) => {
    const taken: number[] = []
    const { url } = await receiver(t, (response, _, body) => {
      const numbers = numbersIn(body)
      if (numbers.includes(617)) return response.writeHead(status).end('not\u001b[2J so\nsecond')
      taken.push(...numbers)
      return response.writeHead(200).end()
    })
    const context = fakeContext()
    const output = await openHttp(url, context)
    await output.write(messagesTo(1000))
    await until(() => context.counters.waiting === 0)
    await output.close()
    assert.deepEqual(
      taken,
      messagesTo(1000).flatMap((_, n) => (n === 617 ? [] : n)),
    )
    assert.deepEqual(
      context.givenUp.map(({ message }) => Number(message.timestamp)),
      [617],
    )
    const { error } = context.givenUp[0] ?? assert.fail()
    assert.equal(error.code, 'export-failed')
    assert.equal(error.status, status)
    assert.match(error.message, /answered \d+: not\\u001b\[2J so$/)
  })
}

for (const [status, level] of [
  [401, 'error'],
  [404, 'error'],
  [507, 'warn'],
] as const) {
  test(`http loses nothing while a receiver that had worked answers ${status}, says so once, and goes on`, async (t) => {
    let broken = false
    const taken: number[] = []
    const { url, posts } = await receiver(t, (response, _, body) => {
      if (broken) return response.writeHead(status).end('no')
      taken.push(...numbersIn(body))
      return response.writeHead(200).end()
    })
    const context = fakeContext()
    const output = await openHttp(url, context)
    const messages = messagesTo(10 + REFUSED)
    await output.write(messages.slice(0, 10))
    await until(() => context.counters.delivered === 10)
    broken = true
    for (const message of messages.slice(10)) output.write([message])
    await until(() => posts.length > 10)
    assert.deepEqual(
      context.logged.map(({ level }) => level),
      [level],
    )
    assert.match(
      context.logged[0]?.message ?? '',
      new RegExp(`answered ${status}: no.*messages wait`),
    )
    assert.equal(context.state.up, false)
    broken = false
    await output.close()
    assert.deepEqual(
      taken,
      messages.map((_, n) => n),
    )
    assert.deepEqual(
      { ...context.counters, retried: 0 },
      { delivered: messages.length, retried: 0, givenUp: 0, kept: 0, waiting: 0 },
    )
    assert.match(context.logged.at(-1)?.message ?? '', /^works again/)
    assert.equal(context.logged.length, 2)
  })
}

test('http gives nothing up while the receiver answers 400 to everything', async (t) => {
  let broken = true
  const { url, posts } = await receiver(t, (response) =>
    response.writeHead(broken ? 400 : 200).end(broken ? 'no such index' : ''),
  )
  const context = fakeContext()
  const output = await openHttp(url, context)
  await output.write(messagesTo(100))
  await until(() => posts.length > 50)
  broken = false
  await until(() => context.counters.waiting === 0)
  await output.close()
  assert.equal(context.counters.delivered, 100)
  assert.equal(context.counters.givenUp, 0)
  assert.match(
    context.logged[0]?.message ?? '',
    /answered 400: no such index, and nothing after that was accepted; trying again/,
  )
})

for (const [status, advice] of [
  [302, 'redirects are not followed'],
  [401, 'check ARUBA_STREAM_HTTP_AUTHORIZATION'],
  [403, 'check ARUBA_STREAM_HTTP_AUTHORIZATION'],
  [404, 'check the URL'],
  [405, 'check the URL'],
] as const) {
  test(`http waits until a receiver that answers ${status} takes the messages, and says so once`, async (t) => {
    const { url, posts } = await receiver(t, (response, nth) =>
      nth < 5
        ? response.writeHead(status, { location: '/elsewhere' }).end('no')
        : ok(response, nth, ''),
    )
    const context = fakeContext()
    const output = await openHttp(url, context)
    await output.write(messagesTo(10))
    await output.close()
    assert.equal(new Set(posts.map(({ body }) => body)).size, 1)
    assert.equal(context.counters.delivered, 10)
    assert.deepEqual(
      context.logged.map(({ level }) => level),
      ['error', 'info'],
    )
    const expected = `answered ${status}: no; ${advice}; trying again until it works`
    assert.ok(context.logged[0]?.message.includes(expected), context.logged[0]?.message)
  })
}

test('http sends as the options behind "#" say', async (t) => {
  const { url, posts } = await receiver(t)
  const context = fakeContext()
  const output = await openHttp(`${url}#gzip=off,batch=2`, context)
  await output.write(messagesTo(5))
  await output.close()
  assert.deepEqual(
    posts.map(({ body }) => numbersIn(body)),
    [[0, 1], [2, 3], [4]],
  )
  for (const { headers, url } of posts) {
    assert.equal(url, 'POST /in?q=1')
    assert.equal(headers['content-encoding'], undefined)
  }
})

test('http refuses options that it does not know or that have a wrong value', async () => {
  for (const [options, says] of [
    [
      'batch=0',
      /^--export_data https:\/\/h\/in: batch: expected a number from 1 to 100000; got "0"/,
    ],
    ['batch=ten', /batch: expected a number from 1 to 100000; got "ten"/],
    ['gzip', /gzip: expected on or off; got no value/],
    ['gzp=off', /expected the option batch or gzip or rows; got "gzp" \(did you mean "gzip"\?\)/],
  ] as const) {
    await assert.rejects(openHttp(`https://h/in?token=hidden#${options}`, fakeContext()), {
      code: 'usage',
      message: says,
    })
  }
})

test('http sends the headers of the environment, and masks them where a receiver quotes them', async (t) => {
  const { url, posts } = await receiver(t, (response, nth) =>
    response.writeHead(nth === 1 ? 503 : 200).end('hunter2-hunter2 is no key, nor is hunter2'),
  )
  const ARUBA_STREAM_HTTP_HEADERS =
    'X-Api-Key: hunter2-hunter2\r\n\nAuthorization:Bearer hunter2\ncontent-type: text/plain'
  const context = fakeContext({ env: { ARUBA_STREAM_HTTP_HEADERS } })
  const output = await openHttp(url, context)
  await output.write(messagesTo(1))
  await output.close()
  const { headers } = posts[0] ?? assert.fail()
  assert.equal(headers['x-api-key'], 'hunter2-hunter2')
  assert.equal(headers.authorization, 'Bearer hunter2')
  assert.equal(headers['content-type'], 'text/plain')
  assert.match(context.logged[0]?.message ?? '', /answered 503: \*{4} is no key, nor is \*{4}/)
  assert.doesNotMatch(JSON.stringify(context.logged), /hunter2/)
})

test('http refuses headers that cannot be sent, and shows no value', async () => {
  for (const [env, says] of [
    [
      { ARUBA_STREAM_HTTP_HEADERS: 'a: b\nhunter2' },
      /expected lines of Name: value; line 2 is none/,
    ],
    [{ ARUBA_STREAM_HTTP_HEADERS: 'a b: hunter2' }, /line 1 is none/],
    [
      { ARUBA_STREAM_HTTP_HEADERS: 'A: \u0001hunter2' },
      /A holds a control character at character 1/,
    ],
    [{ ARUBA_STREAM_HTTP_HEADERS: 'A: hunter2\na: b' }, /the header a twice/],
    [{ ARUBA_STREAM_HTTP_HEADERS: 'Content-Length: 1' }, /the program itself sets Content-Length/],
    [
      {
        ARUBA_STREAM_HTTP_HEADERS: 'Authorization: hunter2',
        ARUBA_STREAM_HTTP_AUTHORIZATION: 'Bearer hunter2',
      },
      /has the header Authorization, and ARUBA_STREAM_HTTP_AUTHORIZATION is set, too/,
    ],
  ] as const) {
    await assert.rejects(openHttp('https://h/in', fakeContext({ env })), (error: Error) => {
      assert.match(error.message, says)
      assert.match(error.message, /ARUBA_STREAM_HTTP_/)
      assert.doesNotMatch(error.message, /hunter2/)
      return true
    })
  }
})

test('http gives up what is left when the time for a shutdown is over', async (t) => {
  const { url } = await receiver(t, () => {})
  const context = fakeContext()
  const output = await openHttp(url, context)
  for (const message of messagesTo(1200)) output.write([message])
  context.expire()
  output.write([fakeMessage('a', 1200)])
  await output.close()
  assert.deepEqual(context.counters, {
    delivered: 0,
    retried: 0,
    givenUp: 1201,
    kept: 0,
    waiting: 0,
  })
})

test('http cuts the request under way when the time for a shutdown is over', async (t) => {
  let cut: boolean | undefined
  const { url } = await receiver(t, (response) => {
    cut = false
    response.on('close', () => {
      cut = true
    })
  })
  const context = fakeContext()
  const output = await openHttp(`${url}#batch=1`, context)
  t.after(() => output.close())
  await output.write([fakeMessage('a', 1)])
  await until(() => cut === false)
  context.endGrace()
  assert.equal(cut, false)
  context.expire()
  await until(() => cut === true)
})

test('http makes its caller wait while 3 MiB are waiting', async (t) => {
  const held: http.ServerResponse[] = []
  const { url } = await receiver(t, (response, nth, body) => {
    if (nth > 1) ok(response, nth, body)
    else held.push(response)
  })
  const context = fakeContext()
  const output = await openHttp(url, context)
  const big = (n: number) => fakeMessage('a', n, { pad: 100_000 })
  let n = 0
  let room: Promise<void>
  do room = output.write([big(n++)])
  while (!(await isPending(room)))
  assert.ok(context.counters.waiting <= 33)
  await until(() => held.length === 1)
  assert.equal(await isPending(room), true)
  held[0]?.end()
  await room
  await output.close()
  assert.equal(context.counters.delivered, n)
})

test('http takes the route that the proxy variables name', async (t) => {
  const seen: string[] = []
  const { url, posts } = await receiver(t)
  const target = new URL(url)
  const proxy = http.createServer((request, response) => {
    seen.push(request.url ?? '')
    const { port } = target
    const onward = http.request(
      { port, host: '127.0.0.1', path: target.pathname, method: 'POST', headers: request.headers },
      (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 500)),
    )
    request.pipe(onward)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  process.env.http_proxy = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  t.after(() => {
    delete process.env.http_proxy
  })
  const output = await openHttp('http://receiver.example/in', fakeContext())
  await output.write([fakeMessage('a', 1)])
  await output.close()
  assert.deepEqual(seen, ['http://receiver.example/in'])
  assert.equal(posts.length, 1)
})

test('http refuses a URL with a login and an authorization that is no header value, showing neither', async () => {
  const unusable = (error: unknown) => {
    assert.ok(error instanceof StreamError)
    assert.equal(error.code, 'exporter-unusable')
    assert.match(error.message, /ARUBA_STREAM_HTTP_AUTHORIZATION/)
    assert.doesNotMatch(error.message, /hunter2/)
    assert.equal(error.cause, undefined)
    return true
  }
  await assert.rejects(openHttp('https://me:hunter2@host/', fakeContext()), unusable)
  const env = { ARUBA_STREAM_HTTP_AUTHORIZATION: 'Bearer hunter2\n' }
  await assert.rejects(openHttp('https://host/', fakeContext({ env })), unusable)
  await assert.rejects(openHttp('http://', fakeContext()), /expected a URL/)
  await assert.rejects(
    openHttp('http://me:hun/ter2@host/', fakeContext()),
    /expected a URL .*got "http:\/\/\*\*\*\*@host\/"$/,
  )
})

test('https sends nothing to a receiver whose certificate is not known', async (t) => {
  let asked = 0
  const server = https.createServer((await certificates()).good, (_, answer) => {
    asked++
    answer.end()
  })
  const port = await listen(t, server)
  const context = fakeContext({ env: { ARUBA_STREAM_HTTP_AUTHORIZATION: 'Bearer hunter2' } })
  const output = await openHttp(`https://localhost:${port}/`, context)
  await output.write(messagesTo(1))
  await until(() => context.counters.retried > 1)
  context.expire()
  await output.close()
  assert.match(context.logged[0]?.message ?? '', /certificate .*self-signed/)
  assert.doesNotMatch(context.logged[0]?.message ?? '', /--no_valid_cert/)
  assert.equal(asked, 0)
})

test('http warns of an authorization that would travel in plain text', async () => {
  const env = { ARUBA_STREAM_HTTP_AUTHORIZATION: 'Bearer hunter2' }
  const context = fakeContext({ env })
  const output = await openHttp('http://192.0.2.1/', context)
  await output.close()
  assert.match(context.logged[0]?.message ?? '', /plain text/)
  assert.doesNotMatch(JSON.stringify(context.logged), /hunter2/)
})

test('http loses no message of 20 entries and keeps the order while the receiver starts late and is killed ten times', async (t) => {
  const file = join(tempFolder(t), 'lines')
  const port = await closedPort()
  const receiver = await mortal(t, () => startReceiver('http-receiver.mjs', port, file))
  const context = fakeContext()
  const output = await openHttp(`http://127.0.0.1:${port}/`, context)
  const messages = Array.from({ length: MESSAGES }, (_, n) => fakeMessage(`c${n % 20}`, n))
  await receiver.kill()
  await exportUnderKills(output, messages, receiver)
  assert.ok(context.counters.retried > 0)

  const arrived = firstArrivals(await linesOf(file))
  for (let c = 0; c < 20; c++) {
    const expected = Array.from({ length: MESSAGES / 20 }, (_, i) => i * 20 + c)
    assert.deepEqual(arrived.get(`c${c}`), expected)
  }
  assert.deepEqual(
    { ...context.counters, retried: 0 },
    {
      delivered: MESSAGES,
      retried: 0,
      givenUp: 0,
      kept: 0,
      waiting: 0,
    },
  )
})

test('an unasked interim answer is not taken for the answer', async (t) => {
  const { url, posts } = await receiver(t, (response, nth) => {
    response.writeContinue()
    response.writeEarlyHints({ link: '</style.css>; rel=preload' })
    ok(response, nth, '')
  })
  const context = fakeContext()
  const output = await openHttp(url, context)
  await output.write([fakeMessage('a', 1)])
  await output.close()
  assert.equal(posts.length, 1)
  assert.deepEqual(context.counters, { delivered: 1, retried: 0, givenUp: 0, kept: 0, waiting: 0 })
})

test('a 101 in place of an answer is retried', async (t) => {
  const answers = [
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n',
    'HTTP/1.1 101 Switching Protocols\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  ]
  const { authority } = await startTcpServer(t, (socket, nth) =>
    socket.write(answers[nth - 1] ?? ''),
  )
  const context = fakeContext()
  const output = await openHttp(`http://${authority}/in`, context)
  await output.write([fakeMessage('a', 1)])
  await output.close()
  assert.deepEqual(context.counters, { delivered: 1, retried: 2, givenUp: 0, kept: 0, waiting: 0 })
})

test('a 200 counts, although its body never ends', async (t) => {
  const { url, posts } = await receiver(t, (response) => response.writeHead(200).write('and so on'))
  const context = fakeContext()
  const output = await openHttp(url, context)
  for (const message of messagesTo(1500)) await output.write([message])
  await output.close()
  assert.equal(posts.length, 2)
  assert.equal(context.counters.delivered, 1500)
})

for (const [what, authorization, answer] of [
  ['all of it', 'Splunk hunter2-hunter2', 'no "Authorization: Splunk hunter2-hunter2" here'],
  ['the token', 'Bearer hunter2', 'unknown token hunter2'],
  ['the login', `Basic ${btoa('me:hunter2')}`, `unknown me:hunter2, sent as ${btoa('me:hunter2')}`],
  ['the password', `Basic ${btoa('me:hunter2')}`, 'hunter2 is no password of mine'],
] as const) {
  test(`what a receiver quotes of the authorization is masked: ${what}`, async (t) => {
    const { url } = await receiver(t, (response, nth) =>
      response.writeHead(nth === 1 ? 503 : 400).end(answer),
    )
    const env = { ARUBA_STREAM_HTTP_AUTHORIZATION: authorization }
    const context = fakeContext({ env })
    const output = await openHttp(`${url}&token=hunter2-in-query`, context)
    await output.write([fakeMessage('a', 1)])
    await output.close()
    const shown = JSON.stringify([
      context.logged,
      context.givenUp.map(({ error }) => error.message),
    ])
    assert.match(shown, /answered 503: .*\*{4}/)
    assert.match(shown, /answered 400: .*\*{4}/)
    assert.doesNotMatch(shown, /hunter2/)
    assert.ok(!shown.includes(btoa('me:hunter2')))
  })
}

test('what a receiver quotes of its URL is masked where it may hold a token', async (t) => {
  const { url } = await receiver(t, (response, nth) =>
    response.writeHead(400).end(`no such path: /in?q=1&token=hunter2-in-query (${nth})`),
  )
  const context = fakeContext()
  const output = await openHttp(`${url}&token=hunter2-in-query`, context)
  await output.write([fakeMessage('a', 1)])
  await output.close()
  assert.match(context.givenUp[0]?.error.message ?? '', /answered 400: no such path: \/in\*{4}/)
})

test('what a proxy quotes of its login is masked', async (t) => {
  const proxy = http.createServer((request, response) => {
    const { 'proxy-authorization': login = '' } = request.headers
    const decoded = atob(login.replace('Basic ', ''))
    response.writeHead(503).end(`${login} is ${decoded}, which may not`)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  const { port } = proxy.address() as AddressInfo
  setProxies(t, { HTTP_PROXY: `http://me:hunter2@127.0.0.1:${port}` })
  const context = fakeContext()
  const output = await openHttp('http://receiver.example/in', context)
  await output.write([fakeMessage('a', 1)])
  const closing = output.close()
  await until(() => context.logged.length > 0)
  context.expire()
  await closing
  const shown = JSON.stringify(context.logged)
  assert.match(shown, /answered 503: .*\*{4} is \*{4}, which may not/)
  assert.doesNotMatch(shown, /hunter2/)
  assert.ok(!shown.includes(btoa('me:hunter2')))
})

test('a page in place of an answer is quoted with its title', async (t) => {
  const page = '<html>\n<head><title>Wrong &lt;path&gt;</title></head><body>...</body></html>'
  const { url } = await receiver(t, (response) => response.writeHead(404).end(page))
  const context = fakeContext()
  const output = await openHttp(url, context)
  await output.write([fakeMessage('a', 1)])
  const closing = output.close()
  await until(() => context.logged.length > 0)
  context.expire()
  await closing
  assert.match(context.logged[0]?.message ?? '', /answered 404: Wrong <path>; check the URL/)
})
