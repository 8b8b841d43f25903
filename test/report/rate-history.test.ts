import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RateHistory } from '../../src/report/rates.js'

test('the history has the messages a second of the last hour, and no more', () => {
  const history = new RateHistory()
  history.sample(0, 0)
  assert.deepEqual(history.rates, [])
  history.sample(50, 10_000)
  history.sample(50, 20_000)
  history.sample(80, 25_000)
  assert.deepEqual(history.rates, [5, 0, 6])
  for (let at = 0; at < 1000; at++) history.sample(80 + at * 10, 30_000 + at * 10_000)
  assert.equal(history.rates.length, 360)
  assert.equal(history.rates.at(-1), 1)
})
