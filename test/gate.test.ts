import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createGate, type Gate, type Leave } from '../src/gate.js'

const { signal } = new AbortController()

/** Sends so many of a host to the gate; those who are inside stand in order. */
function crowd(gate: Gate, host: string, count: number) {
  const inside: { index: number; leave: Leave }[] = []
  for (let index = 0; index < count; index += 1) {
    gate.enter(signal, host).then((leave) => inside.push({ index, leave }))
  }
  return inside
}

/** Each who is inside leaves, round by round, until so many are inside at a time. */
async function growTo(inside: { leave: Leave }[], count: number): Promise<void> {
  for (;;) {
    await turn()
    if (inside.length >= count) return
    for (const { leave } of inside.splice(0)) leave()
  }
}

test('lets two of a host in at first, and one more with each answer, in the order they came', async () => {
  const gate = createGate()
  const inside = crowd(gate, 'us', 40)
  await turn()
  assert.deepEqual(
    inside.map(({ index }) => index),
    [0, 1],
  )
  for (const { leave } of inside.splice(0)) {
    leave()
    leave()
  }
  await turn()
  assert.deepEqual(
    inside.map(({ index }) => index),
    [2, 3, 4, 5],
  )
})

test('lets sixteen of one host in at most, and twenty of all', async () => {
  const gate = createGate()
  const us = crowd(gate, 'us', 200)
  await growTo(us, 16)
  for (const { leave } of us.splice(0)) leave()
  await turn()
  assert.equal(us.length, 16)
  const others = ['eu', 'in', 'cn'].map((host) => crowd(gate, host, 5))
  await turn()
  assert.deepEqual(
    others.map((inside) => inside.length),
    [2, 2, 0],
  )
})

test('a host that never answers leaves the places to the others', async () => {
  const gate = createGate()
  crowd(gate, 'dead', 1000)
  const alive = crowd(gate, 'alive', 1000)
  let entered = 0
  while (entered < 1000) {
    await turn()
    assert.ok(alive.length > 0, `${entered} of a living host came through`)
    entered += alive.length
    for (const { leave } of alive.splice(0)) leave()
  }
})

test('a host that falls silent is asked less and less, and more again once it answers', async () => {
  const gate = createGate()
  const us = crowd(gate, 'us', 500)
  await growTo(us, 16)
  for (const { leave } of us.splice(0)) leave(false)
  await turn()
  assert.equal(us.length, 1)
  await growTo(us, 16)
})

test('hosts take turns', async () => {
  const gate = createGate(1)
  const leaveFirst = await gate.enter(signal, 'c')
  const [a, b] = [crowd(gate, 'a', 3), crowd(gate, 'b', 3)]
  leaveFirst()
  const order: string[] = []
  while (order.length < 6) {
    await turn()
    for (const [host, inside] of [
      ['a', a],
      ['b', b],
    ] as const) {
      for (const { leave } of inside.splice(0)) {
        order.push(host)
        leave()
      }
    }
  }
  assert.deepEqual(order, ['a', 'b', 'a', 'b', 'a', 'b'])
})

test('who stops waiting gives the place to the next', async () => {
  const gate = createGate(1)
  const leave = await gate.enter(signal, 'us')
  const stop = new AbortController()
  const given = gate.enter(stop.signal, 'us')
  const next = gate.enter(signal, 'us')
  stop.abort(new Error('enough'))
  await assert.rejects(given, /enough/)
  leave()
  const leaveNext = await next
  leaveNext()
  await gate.enter(signal, 'us')
})

test('who has stopped already does not enter, and nobody leaves a listener behind', async () => {
  const gate = createGate(1)
  const stop = new AbortController()
  const leave = await gate.enter(stop.signal, 'us')
  const waiting = gate.enter(stop.signal, 'us')
  leave()
  await waiting
  assert.equal(getEventListeners(stop.signal, 'abort').length, 0)
  stop.abort(new Error('enough'))
  await assert.rejects(gate.enter(stop.signal, 'us'), /enough/)
})
