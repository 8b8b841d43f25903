import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createLimiter, type Limiter, type Release } from '../../src/net/limiter.js'

const { signal } = new AbortController()

/** Acquires so many places for a host; those that were given are listed in order. */
function crowd(limiter: Limiter, host: string, count: number) {
  const inside: { index: number; release: Release }[] = []
  for (let index = 0; index < count; index += 1) {
    limiter.acquire(signal, host).then((release) => inside.push({ index, release }))
  }
  return inside
}

/** Releases all places with an answer, round by round, until so many are held at a time. */
async function growTo(inside: { release: Release }[], count: number): Promise<void> {
  for (;;) {
    await turn()
    if (inside.length >= count) return
    for (const { release } of inside.splice(0)) release('answered')
  }
}

test('a host has two places at first and one more with each answer, given in the order of the requests', async () => {
  const limiter = createLimiter()
  const inside = crowd(limiter, 'us', 40)
  await turn()
  assert.deepEqual(
    inside.map(({ index }) => index),
    [0, 1],
  )
  for (const { release } of inside.splice(0)) {
    release('answered')
    release('answered')
  }
  await turn()
  assert.deepEqual(
    inside.map(({ index }) => index),
    [2, 3, 4, 5],
  )
})

test('one host holds sixteen places at most, and all hosts hold twenty', async () => {
  const limiter = createLimiter()
  const us = crowd(limiter, 'us', 200)
  await growTo(us, 16)
  for (const { release } of us.splice(0)) release('answered')
  await turn()
  assert.equal(us.length, 16)
  const others = ['eu', 'in', 'cn'].map((host) => crowd(limiter, host, 5))
  await turn()
  assert.deepEqual(
    others.map((inside) => inside.length),
    [2, 2, 0],
  )
})

test('a host that never answers leaves its places to the others', async () => {
  const limiter = createLimiter()
  crowd(limiter, 'dead', 1000)
  const alive = crowd(limiter, 'alive', 1000)
  let entered = 0
  while (entered < 1000) {
    await turn()
    assert.ok(alive.length > 0, `${entered} of a living host were let in`)
    entered += alive.length
    for (const { release } of alive.splice(0)) release('answered')
  }
})

test('a host that stops answering loses places, and gets them back once it answers', async () => {
  const limiter = createLimiter()
  const us = crowd(limiter, 'us', 500)
  await growTo(us, 16)
  for (const { release } of us.splice(0)) release('unanswered')
  await turn()
  assert.equal(us.length, 1)
  await growTo(us, 16)
})

test('an attempt that we abort takes nothing from a host, and gives it nothing', async () => {
  const limiter = createLimiter()
  const us = crowd(limiter, 'us', 500)
  await growTo(us, 16)
  for (const { release } of us.splice(0)) release('aborted')
  await turn()
  assert.equal(us.length, 16)
  const eu = crowd(limiter, 'eu', 10)
  await turn()
  for (const { release } of eu.splice(0)) release('aborted')
  await turn()
  assert.equal(eu.length, 2)
})

test('hosts take turns', async () => {
  const limiter = createLimiter()
  const hosts = Array.from({ length: 10 }, (_, index) => crowd(limiter, `busy ${index}`, 2))
  await turn()
  const [a, b] = [crowd(limiter, 'a', 3), crowd(limiter, 'b', 3)]
  hosts[0]?.[0]?.release('answered')
  const order: string[] = []
  while (order.length < 6) {
    await turn()
    for (const [host, inside] of [
      ['a', a],
      ['b', b],
    ] as const) {
      for (const { release } of inside.splice(0)) {
        order.push(host)
        release('answered')
      }
    }
  }
  assert.deepEqual(order, ['a', 'b', 'a', 'b', 'a', 'b'])
})

test('a caller that stops waiting leaves its place to the next', async () => {
  const limiter = createLimiter()
  const release = await limiter.acquire(signal, 'us')
  await limiter.acquire(signal, 'us')
  const stop = new AbortController()
  const given = limiter.acquire(stop.signal, 'us')
  const next = limiter.acquire(signal, 'us')
  stop.abort(new Error('enough'))
  await assert.rejects(given, /enough/)
  // Neither a place more nor one less.
  release('aborted')
  const releaseNext = await next
  releaseNext('aborted')
  await limiter.acquire(signal, 'us')
})

test('an aborted signal acquires nothing, and no listener stays behind', async () => {
  const limiter = createLimiter()
  const stop = new AbortController()
  const release = await limiter.acquire(stop.signal, 'us')
  await limiter.acquire(stop.signal, 'us')
  const waiting = limiter.acquire(stop.signal, 'us')
  release('aborted')
  await waiting
  assert.equal(getEventListeners(stop.signal, 'abort').length, 0)
  stop.abort(new Error('enough'))
  await assert.rejects(limiter.acquire(stop.signal, 'us'), /enough/)
})
