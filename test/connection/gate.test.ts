import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { createGate } from '../../src/connection/gate.js'

const { signal } = new AbortController()

test('lets twenty in at a time, and the others in the order they came', async () => {
  const gate = createGate()
  const inside: number[] = []
  const leaves: (() => void)[] = []
  const entering = Array.from({ length: 25 }, async (_, index) => {
    leaves[index] = await gate.enter(signal)
    inside.push(index)
  })
  await Promise.all(entering.slice(0, 20))
  assert.equal(inside.length, 20)
  leaves[3]?.()
  leaves[3]?.()
  await entering[20]
  assert.deepEqual(inside.slice(20), [20])
  for (const leave of leaves) leave()
  await entering[24]
  assert.deepEqual(inside.slice(20), [20, 21, 22, 23, 24])
})

test('who stops waiting gives the place to the next', async () => {
  const gate = createGate(1)
  const leave = await gate.enter(signal)
  const stop = new AbortController()
  const given = gate.enter(stop.signal)
  const next = gate.enter(signal)
  stop.abort(new Error('enough'))
  await assert.rejects(given, /enough/)
  leave()
  const leaveNext = await next
  leaveNext()
  await gate.enter(signal)
})

test('who has stopped already does not enter, and nobody leaves a listener behind', async () => {
  const gate = createGate(1)
  const stop = new AbortController()
  const leave = await gate.enter(stop.signal)
  const waiting = gate.enter(stop.signal)
  leave()
  await waiting
  assert.equal(getEventListeners(stop.signal, 'abort').length, 0)
  stop.abort(new Error('enough'))
  await assert.rejects(gate.enter(stop.signal), /enough/)
})
