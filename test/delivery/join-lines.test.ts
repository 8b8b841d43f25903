import assert from 'node:assert/strict'
import { test } from 'node:test'
import { joinLines } from '../../src/delivery/join-lines.js'

const linesOf = (...texts: string[]) => texts.map((text) => Buffer.from(`${text}\n`))

test('lines are joined in memory that no other write uses at the same time', async () => {
  const memory: unknown[] = []
  await joinLines(linesOf('one', 'two'), async (first) => {
    memory.push(first.buffer)
    await joinLines(linesOf('three'), async (second) => {
      assert.equal(second.toString(), 'three\n')
    })
    assert.equal(first.toString(), 'one\ntwo\n')
  })
  const failed = joinLines(linesOf('four'), async (bytes) => {
    assert.equal(bytes.toString(), 'four\n')
    memory.push(bytes.buffer)
    throw new Error('full')
  })
  await assert.rejects(failed, /full/)
  await joinLines(linesOf('five'), async (bytes) => {
    memory.push(bytes.buffer)
  })
  assert.equal(new Set(memory).size, 1, 'it is used again, also after a fault')
})

test('lines of any length are joined', async () => {
  const lines = [300_000, 1, 0].map((length) => Buffer.alloc(length, length % 251))
  await joinLines(lines, async (bytes) => assert.ok(Buffer.concat(lines).equals(bytes)))
  await joinLines(linesOf('short'), async (bytes) => assert.equal(bytes.toString(), 'short\n'))
})
