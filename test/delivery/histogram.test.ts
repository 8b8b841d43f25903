import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Histogram } from '../../src/delivery/histogram.js'
import { histogramText } from '../../src/report/registry.js'
import { parseExposition } from '../helpers/exposition.js'

test('a histogram counts each time up to its bound, and never a negative one', () => {
  const histogram = new Histogram([0.1, 1, 10])
  for (const seconds of [-5, 0, 0.1, 0.100001, 1, 9, 11]) histogram.observe(seconds)
  assert.deepEqual(histogram.counts, [3, 2, 1, 1])
  assert.ok(Math.abs(histogram.sum - 21.200001) < 1e-9)
})

test('a histogram in the text format adds its buckets up, whatever its label holds', () => {
  const histogram = new Histogram([0.1, 1])
  for (const seconds of [0.05, 0.5, 5]) histogram.observe(seconds)
  const label = 'json:a"b\\c\nd'
  const text = histogramText({ name: 'x_seconds', help: 'H.', labelName: 'exporter' }, [
    { label, histogram },
  ])
  const samples = parseExposition(text).get('x_seconds')?.samples ?? []
  assert.deepEqual(
    samples.map(({ name, labels, value }) => [name, labels.le, value]),
    [
      ['x_seconds_bucket', '0.1', 1],
      ['x_seconds_bucket', '1', 2],
      ['x_seconds_bucket', '+Inf', 3],
      ['x_seconds_sum', undefined, 5.55],
      ['x_seconds_count', undefined, 3],
    ],
  )
  assert.equal(samples[0]?.labels.exporter, label)
})
