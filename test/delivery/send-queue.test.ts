import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import type { Batch, SendQueueOptions } from '../../src/delivery/batch.js'
import { ByteBudget } from '../../src/delivery/byte-budget.js'
import { RetryLog } from '../../src/delivery/retries.js'
import { SendQueue } from '../../src/delivery/send-queue.js'
import { StreamError } from '../../src/errors.js'
import { type LogLevel, loggerTo } from '../../src/log.js'
import { FakeClock, until } from '../helpers/clock.js'
import { isPending } from '../helpers/export-fakes.js'

type Deliver = (batch: Batch<string>, signal: AbortSignal) => void | Promise<void>

/** A queue of texts; `deliver` decides what becomes of a batch. */
function fixture(deliver: Deliver, given: Partial<SendQueueOptions<string>> = {}) {
  const clock = new FakeClock()
  const budget = given.budget ?? new ByteBudget(100)
  const graceOver = new AbortController()
  const forced = new AbortController()
  const logged: { level: LogLevel; message: string }[] = []
  const batches: string[][] = []
  const delivered: string[] = []
  const givenUp: [item: string, why: string][] = []
  let retried = 0
  const queue = new SendQueue<string>({
    encode: (item) => Buffer.from(item),
    async deliver(batch, signal) {
      batches.push([...batch.items])
      await deliver(batch, signal)
    },
    settled(items, error) {
      if (!error) delivered.push(...items)
      else for (const item of items) givenUp.push([item, error.message])
    },
    retried: (count) => {
      retried += count
    },
    batch: { maxBytes: 10 },
    budget,
    delayMs: (failures) => failures * 1000,
    retryLog: new RetryLog({
      log: loggerTo((level, message) => logged.push({ level, message })),
      clock,
    }),
    graceOver: graceOver.signal,
    forced: forced.signal,
    late: 'too late',
    clock,
    ...given,
  })
  return {
    ...{ queue, clock, budget, graceOver, forced, logged, batches, delivered, givenUp },
    get retried() {
      return retried
    },
  }
}

/** Deliveries that wait until the test lets them go on. */
function held() {
  const waiting: ((error?: Error) => void)[] = []
  const deliver = () =>
    new Promise<void>((resolve, reject) => {
      waiting.push((error) => (error ? reject(error) : resolve()))
    })
  return { deliver, waiting, next: (error?: Error) => waiting.shift()?.(error) }
}

const busy = () => new StreamError('unavailable', 'busy', { status: 503 })
const refused = () => new StreamError('export-failed', 'refused')

for (const [room, holds] of [
  [2, true],
  [100, false],
] as const) {
  const does = holds
    ? 'gives up in order, before the grace is over'
    : 'goes on until the grace is over'
  test(`at the end an output in trouble with room for ${room} bytes ${does}`, async () => {
    const holdOver = new AbortController()
    const budget = new ByteBudget(room)
    const given = { budget, holdOver: holdOver.signal }
    const { queue, clock, batches, givenUp, graceOver } = fixture(() => {
      throw busy()
    }, given)
    const write = queue.write(['1', '2'])
    await until(() => clock.timers > 0)
    assert.equal(await isPending(write), holds)
    holdOver.abort()
    await write
    assert.deepEqual(
      givenUp,
      holds
        ? [
            ['1', 'too late'],
            ['2', 'too late'],
          ]
        : [],
    )
    clock.advance(1000)
    await turn()
    assert.equal(batches.length, holds ? 1 : 2)
    graceOver.abort()
    await queue.close()
    assert.equal(givenUp.length, 2)
  })
}

test('at the end all queues in trouble that share a full room give up, not the first alone', async () => {
  const holdOver = new AbortController()
  const given = { budget: new ByteBudget(2), holdOver: holdOver.signal }
  const queues = [1, 2].map(() =>
    fixture(() => {
      throw busy()
    }, given),
  )
  const writes = queues.map(({ queue }) => queue.write(['1']))
  await until(() => queues.every(({ clock }) => clock.timers > 0))
  holdOver.abort()
  await Promise.all(writes)
  assert.deepEqual(
    queues.map(({ givenUp }) => givenUp),
    [[['1', 'too late']], [['1', 'too late']]],
  )
  await Promise.all(queues.map(({ queue }) => queue.close()))
})

test('at the end an output that fails while its room is full gives up at once', async () => {
  const holdOver = new AbortController()
  const { deliver, waiting, next } = held()
  const { queue, givenUp } = fixture(deliver, {
    budget: new ByteBudget(2),
    holdOver: holdOver.signal,
  })
  const write = queue.write(['1', '2'])
  await until(() => waiting.length === 1)
  holdOver.abort()
  assert.equal(await isPending(write), true)
  next(busy())
  await write
  assert.equal(givenUp.length, 2)
  await queue.close()
})

for (const [before, gives] of [
  ['failed', true],
  ['delivered', false],
] as const) {
  const does = gives ? 'gives up' : 'goes on'
  test(`at the end an output that has ${before}, has no room and does not answer ${does}`, async () => {
    const holdOver = new AbortController()
    const { deliver, waiting, next } = held()
    const { queue, clock, delivered, givenUp } = fixture(deliver, {
      budget: new ByteBudget(2),
      holdOver: holdOver.signal,
    })
    void queue.write(['1', '2', '3'])
    await until(() => waiting.length === 1)
    next(busy())
    await until(() => clock.timers > 0)
    clock.advance(1000)
    await until(() => waiting.length === 1)
    if (!gives) {
      next()
      await until(() => delivered.length > 0)
      void queue.write(['4', '5', '6'])
      await until(() => waiting.length === 1)
    }
    holdOver.abort()
    await turn()
    assert.equal(givenUp.length, gives ? 3 : 0)
    next()
    await queue.close()
    assert.equal(givenUp.length + delivered.length, gives ? 3 : 6)
  })
}

for (const taken of [false, true]) {
  const does = taken ? 'goes on where it took something since the end began' : 'gives up'
  test(`at the end an output that never answered and has no room ${does}`, async () => {
    const stopping = new AbortController()
    const holdOver = new AbortController()
    const { deliver, waiting, next } = held()
    const { queue, delivered, givenUp } = fixture(deliver, {
      batch: { maxCount: 1, maxBytes: 10 },
      budget: new ByteBudget(2),
      stopping: stopping.signal,
      holdOver: holdOver.signal,
    })
    const write = queue.write(['1', '2', '3'])
    await until(() => waiting.length === 1)
    stopping.abort()
    if (taken) {
      next()
      await until(() => waiting.length === 1)
    }
    holdOver.abort()
    assert.equal(await isPending(write), taken)
    assert.deepEqual(delivered, taken ? ['1'] : [])
    assert.equal(givenUp.length, taken ? 0 : 3)
    while (waiting.length > 0) {
      next()
      await turn()
    }
    await queue.close()
    assert.equal(delivered.length + givenUp.length, 3)
  })
}

for (const [which, given, hasIdled] of [
  ['was idle when the end began', {}, true],
  ['has nothing that keeps what it gives up', { lateWork: 'all' }, false],
] as const) {
  test(`at the end an output without room that ${which} goes on`, async () => {
    const stopping = new AbortController()
    const holdOver = new AbortController()
    const { deliver, waiting, next } = held()
    const { queue, delivered, givenUp } = fixture(deliver, {
      budget: new ByteBudget(2),
      stopping: stopping.signal,
      holdOver: holdOver.signal,
      ...given,
    })
    if (hasIdled) stopping.abort()
    const write = queue.write(['1', '2', '3'])
    await until(() => waiting.length === 1)
    stopping.abort()
    holdOver.abort()
    assert.equal(await isPending(write), true)
    while (waiting.length > 0) {
      next()
      await turn()
    }
    await queue.close()
    assert.deepEqual([delivered.length, givenUp.length], [3, 0])
  })
}

test('a queue delivers batches in order, none larger than count and bytes allow', async () => {
  const { queue, batches, delivered } = fixture(() => {}, { batch: { maxCount: 3, maxBytes: 6 } })
  await queue.write(['a', 'b', 'c', 'd'])
  await queue.write(['eeee', 'fff', 'a line too long', 'g'])
  await queue.close()
  assert.deepEqual(batches, [['a', 'b', 'c'], ['d', 'eeee'], ['fff'], ['a line too long'], ['g']])
  assert.deepEqual(delivered, batches.flat())
})

test('a batch waits for others until it is old enough, full, or the last one', async () => {
  const { queue, batches, clock } = fixture(() => {}, { batch: { maxBytes: 4, maxAgeMs: 1000 } })
  await queue.write(['a'])
  clock.advance(600)
  await queue.write(['b'])
  clock.advance(399)
  await turn()
  assert.deepEqual(batches, [])
  clock.advance(1)
  await until(() => batches.length === 1)
  await queue.write(['c', 'ddd'])
  await until(() => batches.length === 2)
  await queue.write(['e'])
  await until(() => clock.timers === 1)
  await queue.close()
  assert.deepEqual(batches, [['a', 'b'], ['c', 'ddd'], ['e']])
  assert.equal(clock.timers, 0)
})

test('whoever writes waits while lines and what they keep in memory fill the budget', async () => {
  const { deliver, next } = held()
  // Each line is one byte, and keeps a frame of 39 bytes in memory.
  const { queue, budget } = fixture(deliver, { heldBytes: () => 39, batch: { maxBytes: 1 } })
  assert.equal(await isPending(queue.write(['a', 'b'])), false)
  const third = queue.write(['c'])
  assert.equal(await isPending(third), true)
  assert.equal(budget.used, 120)
  next()
  await third
  assert.equal(budget.used, 80)
})

test('queues that share a budget wait for each other', async () => {
  const budget = new ByteBudget(10)
  const { deliver, next } = held()
  const first = fixture(deliver, { budget })
  const second = fixture(() => {}, { budget })
  const waits = [first.queue.write(['ten bytes!']), second.queue.write(['b'])]
  await until(() => second.delivered.length === 1)
  assert.deepEqual(await Promise.all(waits.map(isPending)), [true, true])
  next()
  await Promise.all(waits)
  assert.equal(budget.used, 0)
})

test('what is delivered is let go of at once, also in the middle of a batch', async () => {
  const { deliver, waiting, next } = held()
  let batch: Batch<string> | undefined
  const { queue, budget, delivered } = fixture((each) => {
    batch = each
    return deliver()
  })
  void queue.write(['aaaa', 'bbbb', 'cccc'])
  await until(() => waiting.length === 1)
  assert.deepEqual(batch?.items, ['aaaa', 'bbbb'])
  batch?.delivered(1)
  assert.deepEqual([delivered, batch?.items, budget.used], [['aaaa'], ['bbbb'], 8])
  next()
  await until(() => waiting.length === 1)
  assert.equal(budget.used, 4)
  next()
  await queue.close()
  assert.equal(budget.used, 0)
})

test('lines of delivered items are released, once each, and no other ones', async () => {
  const released: string[] = []
  let tries = 0
  const { queue, clock, givenUp } = fixture(
    (batch) => {
      if (tries++ > 0) throw new StreamError('export-failed', 'wrong for good')
      batch.delivered(1)
      batch.refused(busy())
      assert.deepEqual(released, ['1'])
      throw busy()
    },
    { release: (line) => released.push(String(line)), batch: { maxBytes: 3 } },
  )
  queue.write(['1', '2', '3', '4'])
  await until(() => tries === 1)
  clock.advance(1000)
  await queue.close()
  assert.deepEqual(released, ['1'])
  assert.equal(givenUp.length, 3)
})

test('a batch that was delivered in part is retried with the rest alone', async () => {
  let tries = 0
  const { queue, batches, delivered, clock } = fixture((batch) => {
    if (++tries > 1) return
    batch.delivered(1)
    throw busy()
  })
  void queue.write(['a', 'b', 'c'])
  await until(() => clock.timers === 1)
  clock.advance(1000)
  await queue.close()
  assert.deepEqual(batches, [
    ['a', 'b', 'c'],
    ['b', 'c'],
  ])
  assert.deepEqual(delivered, ['a', 'b', 'c'])
})

test('a failed batch is retried with growing waits, and at least as late as the other side asks', async () => {
  const errors = [busy(), busy(), new StreamError('unavailable', 'later', { retryAfterMs: 60_000 })]
  const f = fixture(() => {
    const error = errors.shift()
    if (error) throw error
  })
  const { queue, batches, clock, delivered, logged } = f
  void queue.write(['a'])
  for (const [n, waitMs] of [1000, 2000, 60_000].entries()) {
    await until(() => clock.timers === 1)
    clock.advance(waitMs - 1)
    await turn()
    assert.equal(batches.length, n + 1)
    clock.advance(1)
  }
  await queue.close()
  assert.deepEqual([delivered, f.retried], [['a'], 3])
  assert.deepEqual(
    logged.map(({ message }) => message),
    [
      'busy; trying again until it works, messages wait',
      'later; trying again until it works, messages wait',
      'works again after 3 failures in 63 s',
    ],
  )
})

test('a refused batch is given up alone, and so is one that fails in an unknown way', async () => {
  const errors = [refused(), new TypeError('no function')]
  const { queue, delivered, givenUp } = fixture(
    () => {
      const error = errors.shift()
      if (error) throw error
    },
    { batch: { maxCount: 1, maxBytes: 10 } },
  )
  await queue.write(['a', 'b', 'c'])
  await queue.close()
  assert.deepEqual(delivered, ['c'])
  assert.deepEqual(givenUp, [
    ['a', 'refused'],
    ['b', 'no function'],
  ])
})

test('an item whose line cannot be made is given up alone', async () => {
  const { queue, budget, delivered, givenUp } = fixture(() => {}, {
    encode(item) {
      if (item === 'bad') throw new StreamError('frame-undecodable', 'spoilt')
      return Buffer.from(item)
    },
  })
  await queue.write(['a', 'bad', 'b'])
  await queue.close()
  assert.deepEqual([delivered, givenUp, budget.used], [['a', 'b'], [['bad', 'spoilt']], 0])
})

test('an output that is closed for good gives up what waits and what follows', async () => {
  const { queue, budget, givenUp, batches } = fixture(() => {
    throw new StreamError('output-closed', 'gone')
  })
  await queue.write(['a', 'b'])
  await until(() => givenUp.length === 2)
  await queue.write(['c'])
  await queue.close()
  assert.deepEqual(
    givenUp,
    ['a', 'b', 'c'].map((item) => [item, 'gone']),
  )
  assert.deepEqual([batches.length, budget.used], [1, 0])
})

test('at the end of the grace period, what is in trouble gives up and what works goes on', async () => {
  const { deliver } = held()
  const trouble = fixture(deliver)
  const works = fixture(() => {})
  void trouble.queue.write(['a', 'b'])
  await until(() => trouble.batches.length === 1)
  for (const { graceOver } of [trouble, works]) graceOver.abort()
  for (const { queue } of [trouble, works]) await queue.write(['c'])
  await Promise.all([trouble.queue.close(), works.queue.close()])
  assert.deepEqual(
    trouble.givenUp,
    ['a', 'b', 'c'].map((item) => [item, 'too late']),
  )
  assert.deepEqual([works.delivered, works.givenUp], [['c'], []])
  assert.equal(trouble.budget.used, 0)
})

test('after the grace period, a failure is not retried', async () => {
  const { queue, graceOver, givenUp, logged } = fixture(() => {
    throw busy()
  })
  graceOver.abort()
  await queue.write(['a'])
  await queue.close()
  assert.deepEqual([givenUp, logged], [[['a', 'too late']], []])
})

test('an output that ends at the grace period gives up all, though it works', async () => {
  const { queue, graceOver, givenUp } = fixture(() => {}, { lateWork: 'none' })
  graceOver.abort()
  await queue.write(['a'])
  await queue.close()
  assert.deepEqual(givenUp, [['a', 'too late']])
})

test('a delivery under way when the grace is over still counts, and no other one begins', async () => {
  const { deliver, waiting, next } = held()
  const overdue = new AbortController()
  const given = { lateWork: 'none', overdue: overdue.signal, batch: { maxCount: 1, maxBytes: 10 } }
  const f = fixture(deliver, given as Partial<SendQueueOptions<string>>)
  void f.queue.write(['a', 'b'])
  await until(() => waiting.length === 1)
  f.graceOver.abort()
  void f.queue.write(['c'])
  next()
  await f.queue.close()
  assert.deepEqual([f.batches, f.delivered], [[['a']], ['a']])
  assert.deepEqual(f.givenUp, [
    ['b', 'too late'],
    ['c', 'too late'],
  ])
})

test('a delivery under way when the grace is over gives up a moment later', async () => {
  const { deliver, waiting } = held()
  const overdue = new AbortController()
  const f = fixture(deliver, { lateWork: 'none', overdue: overdue.signal })
  void f.queue.write(['a'])
  await until(() => waiting.length === 1)
  void f.queue.write(['b'])
  f.graceOver.abort()
  assert.deepEqual(f.givenUp, [])
  overdue.abort()
  await f.queue.close()
  const late = ['a', 'b'].map((item) => [item, 'too late'])
  assert.deepEqual(f.givenUp, late, 'in their order')
})

test('a delivery that fails after the grace is not tried again', async () => {
  const { deliver, waiting, next } = held()
  const overdue = new AbortController()
  const f = fixture(deliver, { lateWork: 'none', overdue: overdue.signal })
  void f.queue.write(['a'])
  await until(() => waiting.length === 1)
  f.graceOver.abort()
  next(busy())
  await f.queue.close()
  assert.deepEqual([f.batches.length, f.givenUp], [1, [['a', 'too late']]])
})

test('a file that is being written when the grace is over goes on where it works', async () => {
  const { deliver, waiting, next } = held()
  const overdue = new AbortController()
  const f = fixture(deliver, { overdue: overdue.signal, batch: { maxBytes: 1 } })
  void f.queue.write(['a'])
  await until(() => waiting.length === 1)
  f.graceOver.abort()
  void f.queue.write(['b'])
  next()
  await until(() => waiting.length === 1)
  overdue.abort()
  next()
  await f.queue.close()
  assert.deepEqual([f.delivered, f.givenUp], [['a', 'b'], []])
})

test('a file that holds others up gives up in time for the dead letter, which itself goes on', async () => {
  for (const lateWork of ['some', 'all'] as const) {
    const { deliver, waiting, next } = held()
    const overdue = new AbortController()
    const options = { lateWork, overdue: overdue.signal, batch: { maxBytes: 1 } }
    const f = fixture(deliver, { ...options, budget: new ByteBudget(2) })
    void f.queue.write(['a'])
    await until(() => waiting.length === 1)
    f.graceOver.abort()
    next()
    void f.queue.write(['b', 'c'])
    await until(() => waiting.length === 1)
    overdue.abort()
    next()
    await until(() => f.givenUp.length === 2 || waiting.length === 1)
    next()
    await f.queue.close()
    const late = ['b', 'c'].map((item) => [item, 'too late'])
    const some = [['a'], late]
    assert.deepEqual([f.delivered, f.givenUp], lateWork === 'some' ? some : [['a', 'b', 'c'], []])
  }
})

test('a delivery that hangs is left behind when everything lets go, and settles nothing later', async () => {
  const { deliver, waiting, next } = held()
  let batch: Batch<string> | undefined
  let stopped: AbortSignal | undefined
  const { queue, forced, delivered, givenUp } = fixture((each, signal) => {
    batch = each
    stopped = signal
    return deliver()
  })
  void queue.write(['a'])
  await until(() => waiting.length === 1)
  const closing = queue.close()
  forced.abort()
  await closing
  assert.equal(stopped?.aborted, true)
  batch?.delivered(1)
  next()
  await turn()
  assert.deepEqual([delivered, givenUp], [[], [['a', 'too late']]])
})

test('what was delivered and may be lost is asked for again, with nothing else to send', async () => {
  const { queue, batches, clock, logged } = fixture(() => {}, { steadyMs: 10_000 })
  await queue.write(['a'])
  await until(() => queue.idle)
  queue.interrupt(new StreamError('connection-lost', 'lost'))
  await until(() => clock.timers === 1)
  clock.advance(1000)
  await until(() => queue.idle)
  assert.deepEqual(batches, [['a'], []])
  assert.equal(logged.length, 1, 'a connection has to stand for a while')
  clock.advance(10_000)
  assert.equal(logged[1]?.message, 'works again after one failure in 11 s')
  await queue.close()
})

/** A queue whose output has failed and worked once, and has to work for ten seconds. */
async function workingSince() {
  const errors = [busy()]
  const deliver = () => {
    const error = errors.shift()
    if (error) throw error
  }
  const given = { steadyMs: 10_000, delayMs: () => 60_000 }
  const { queue, clock, logged } = fixture(deliver, given)
  await queue.write(['a'])
  await until(() => clock.timers === 1)
  clock.advance(60_000)
  await until(() => queue.idle)
  return { queue, clock, logged, fail: () => errors.push(busy()) }
}

test('an output that fails before it stood for a while does not work again', async () => {
  const { queue, clock, logged, fail } = await workingSince()
  fail()
  await queue.write(['b'])
  await until(() => !queue.idle && clock.timers > 0)
  await turn()
  clock.advance(59_000)
  assert.equal(logged.length, 1)
  clock.advance(1000)
  await until(() => queue.idle)
  clock.advance(10_000)
  assert.equal(logged[1]?.message, 'works again after 2 failures in 130 s')
  await queue.close()
})

test('an output that stood for a while works again, however often it delivers meanwhile', async () => {
  const { queue, clock, logged } = await workingSince()
  for (let second = 1; second <= 10; second++) {
    await queue.write(['b'])
    await until(() => queue.idle)
    clock.advance(1000)
  }
  assert.equal(logged[1]?.message, 'works again after one failure in 70 s')
  await queue.close()
})

test('a closed queue keeps no timer of an output that has just come back', async () => {
  const { queue, clock } = await workingSince()
  assert.equal(clock.timers, 1)
  await queue.close()
  assert.equal(clock.timers, 0)
})

test('a connection that breaks during a delivery is no trouble of its own', async () => {
  const { deliver, waiting, next } = held()
  const { queue, batches, logged } = fixture(deliver)
  await queue.write(['a'])
  await until(() => waiting.length === 1)
  queue.interrupt(new StreamError('connection-lost', 'lost'))
  next()
  await until(() => queue.idle)
  assert.deepEqual([batches, logged], [[['a']], []])
  await queue.close()
})

test('an output in trouble that is left behind does not work again', async () => {
  const { deliver, waiting, next } = held()
  const { queue, clock, forced, logged } = fixture(deliver)
  await queue.write(['a'])
  await until(() => waiting.length === 1)
  next(busy())
  await until(() => clock.timers === 1)
  clock.advance(1000)
  await until(() => waiting.length === 1)
  forced.abort()
  await queue.close()
  await turn()
  assert.deepEqual(
    logged.map(({ message }) => message),
    ['busy; trying again until it works, messages wait'],
  )
})

test('an output that is closed for good stays so at the end', async () => {
  const { queue, forced, givenUp } = fixture(() => {
    throw new StreamError('output-closed', 'closed')
  })
  await queue.write(['a'])
  await until(() => queue.gaveUp)
  forced.abort()
  await queue.write(['b'])
  assert.deepEqual(givenUp, [
    ['a', 'closed'],
    ['b', 'closed'],
  ])
  await queue.close()
})

test('the end is retried like a delivery', async () => {
  const errors = [busy()]
  let ends = 0
  const { queue, delivered, clock } = fixture(() => {}, {
    async finish() {
      ends++
      const error = errors.shift()
      if (error) throw error
    },
  })
  await queue.write(['a'])
  const closing = queue.close()
  await until(() => clock.timers === 1)
  clock.advance(1000)
  await closing
  assert.deepEqual([ends, delivered], [2, ['a']])
})

test('the wait before a retry can be cut short', async () => {
  const errors = [busy()]
  const { queue, delivered, clock } = fixture(() => {
    const error = errors.shift()
    if (error) throw error
  })
  void queue.write(['a'])
  await until(() => clock.timers === 1)
  queue.retryNow()
  await queue.close()
  assert.deepEqual(delivered, ['a'])
})

test('a queue with nothing to deliver ends at once, although its output is away', async () => {
  const { queue, logged } = fixture(() => Promise.reject(busy()), { finish: () => assert.fail() })
  queue.interrupt(busy())
  await until(() => logged.length > 0)
  await queue.close()
  assert.equal(queue.gaveUp, false)
})
