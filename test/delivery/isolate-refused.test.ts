import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteBudget } from '../../src/delivery/byte-budget.js'
import { isolateRefused } from '../../src/delivery/isolate-refused.js'
import { RetryLog } from '../../src/delivery/retries.js'
import { SendQueue } from '../../src/delivery/send-queue.js'
import { StreamError } from '../../src/errors.js'
import { type LogLevel, loggerTo } from '../../src/log.js'
import { FakeClock, until } from '../helpers/clock.js'

/** A queue of texts; `send` throws for the parts that its output does not take. */
function fixture(send: (items: readonly string[]) => void) {
  const clock = new FakeClock()
  const logged: { level: LogLevel; message: string }[] = []
  const parts: string[][] = []
  const delivered: string[] = []
  const givenUp: string[] = []
  const forced = new AbortController()
  const queue = new SendQueue<string>({
    encode: (item) => Buffer.from(item),
    deliver: isolateRefused(async ({ items, lines }) => {
      assert.equal(Buffer.concat(lines).toString(), items.join(''))
      parts.push([...items])
      send(items)
    }),
    settled(items, error) {
      const list = error ? givenUp : delivered
      list.push(...items)
    },
    batch: { maxCount: 1000, maxBytes: 100_000 },
    budget: new ByteBudget(1_000_000),
    delayMs: () => 1000,
    retryLog: new RetryLog({
      log: loggerTo((level, message) => logged.push({ level, message })),
      clock,
    }),
    forced: forced.signal,
    late: 'late',
    clock,
  })
  /** Ends every wait before a retry until something is so. */
  const retryUntil = (condition: () => boolean) =>
    until(() => {
      if (clock.timers > 0) clock.advance(1000)
      return condition()
    })
  return { queue, clock, logged, parts, delivered, givenUp, retryUntil }
}

const refuse = (why = 'bad') => new StreamError('export-failed', why)

/** An output that refuses whatever holds one of these. */
const refusing =
  (...bad: string[]) =>
  (items: readonly string[]) => {
    if (items.some((item) => bad.includes(item))) throw refuse()
  }

const texts = (count: number) => Array.from({ length: count }, (_, n) => `<${n}>`)

test('one refused item among a thousand is found by halving, the others are delivered in order', async () => {
  const { queue, parts, delivered, givenUp, logged } = fixture(refusing('<617>'))
  const all = texts(1000)
  await queue.write(all)
  await until(() => delivered.length === 999)
  assert.deepEqual(givenUp, ['<617>'])
  assert.deepEqual(
    delivered,
    all.filter((item) => item !== '<617>'),
  )
  assert.ok(parts.length <= 40, `${parts.length} parts were sent`)
  assert.deepEqual(logged, [])
  await queue.close()
})

test('an item that is refused alone waits until the output has accepted another one', async () => {
  const { queue, delivered, givenUp, parts, logged, retryUntil } = fixture(refusing('a'))
  await queue.write(['a'])
  await retryUntil(() => parts.length >= 5)
  assert.deepEqual([delivered, givenUp], [[], []])
  await queue.write(['b'])
  await retryUntil(() => delivered.length === 1)
  assert.deepEqual([delivered, givenUp], [['b'], ['a']])
  assert.deepEqual(logged[0], {
    level: 'error',
    message: 'bad, and nothing after that was accepted; trying again until it works, messages wait',
  })
  assert.match(logged[1]?.message ?? '', /works again/)
  await queue.close()
})

test('an output that refuses everything loses nothing, and gets it in order once it works again', async () => {
  let broken = true
  const { queue, clock, delivered, givenUp, parts, retryUntil } = fixture(() => {
    if (broken) throw refuse()
  })
  const all = texts(50)
  await queue.write(all.slice(0, 20))
  await retryUntil(() => parts.length >= 20)
  await queue.write(all.slice(20))
  await retryUntil(() => parts.length > 500)
  await until(() => clock.timers === 1)
  assert.deepEqual([delivered, givenUp], [[], []])
  const before = parts.length
  broken = false
  await retryUntil(() => delivered.length === 50)
  assert.deepEqual([delivered, givenUp], [all, []])
  assert.deepEqual(parts[before], ['<0>'], 'it begins again with the first one')
  await queue.close()
})

test('an output that works again in the middle of its refusals loses nothing', async () => {
  const all = texts(20)
  for (let refusals = 1; refusals < 80; refusals++) {
    let left = refusals
    const { queue, delivered, givenUp, retryUntil } = fixture(() => {
      if (left-- > 0) throw refuse()
    })
    await queue.write(all)
    await retryUntil(() => delivered.length + givenUp.length === 20)
    assert.deepEqual([delivered.toSorted(), givenUp], [all.toSorted(), []], `${refusals} refusals`)
    await queue.close()
  }
})

test('a row of refused items comes to an end, however long it is', async () => {
  const all = texts(40)
  const { queue, delivered, givenUp, retryUntil } = fixture(refusing(...all.slice(0, 30)))
  await queue.write(all)
  await retryUntil(() => delivered.length === 10)
  assert.deepEqual([givenUp, delivered], [all.slice(0, 30), all.slice(30)])
  await queue.close()
})

test('what is refused at the end is given up, with nothing left to wait for', async () => {
  const { queue, delivered, givenUp } = fixture(refusing('b', 'd'))
  await queue.write(['a', 'b', 'c', 'd'])
  await queue.close()
  assert.deepEqual(
    [delivered, givenUp],
    [
      ['a', 'c'],
      ['b', 'd'],
    ],
  )
})

test('an item that waits for another one is given up when the queue closes', async () => {
  const { queue, givenUp, clock, logged } = fixture(refusing('a'))
  await queue.write(['a'])
  await until(() => clock.timers === 1)
  await queue.close()
  assert.deepEqual(givenUp, ['a'])
  assert.equal(logged.length, 1, 'an output that took nothing does not work again')
})

test('a fault in the middle of halving is retried with what is left', async () => {
  const faults = [new StreamError('unavailable', 'busy')]
  const { queue, delivered, givenUp, retryUntil } = fixture((items) => {
    if (items.length === 1 && items[0] === 'b') {
      const fault = faults.shift()
      if (fault) throw fault
    }
    refusing('b')(items)
  })
  await queue.write(['a', 'b', 'c'])
  await retryUntil(() => delivered.length === 2)
  assert.deepEqual([delivered, givenUp], [['a', 'c'], ['b']])
  await queue.close()
})

test('a part that takes too long is tried again in halves', async () => {
  const { queue, delivered, parts, retryUntil } = fixture((items) => {
    if (items.length > 2) throw new StreamError('timed-out', 'slow')
  })
  const all = texts(8)
  await queue.write(all)
  await retryUntil(() => delivered.length === 8)
  assert.deepEqual(delivered, all)
  assert.equal(parts[0]?.length, 8)
  await queue.close()
})
