import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { LOADER } from '../helpers/settings.js'

function startChild(total: number) {
  const child = spawn(
    process.execPath,
    [...LOADER, join(import.meta.dirname, '../helpers/stdout-child.js'), `${total}`],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text
  })
  const ended = new Promise<{ code: number | null; report: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, report: stderr }))
  })
  return { child, ended }
}

test('stdout holds no more than its window for a slow reader, and loses nothing', async () => {
  const { child, ended } = startChild(60_000)
  let bytes = 0
  let lines = 0
  for await (const chunk of child.stdout) {
    bytes += chunk.length
    for (const byte of chunk) if (byte === 10) lines++
    // Slow while there is much to hold, then as fast as it goes.
    if (bytes < 3_000_000) await setTimeout(20)
  }
  const { code, report } = await ended
  assert.equal(code, 0)
  const { delivered, waiting, mostHeld } = JSON.parse(report)
  assert.equal(lines, 60_000)
  assert.deepEqual({ delivered, waiting }, { delivered: 60_000, waiting: 0 })
  // What its window takes, and the line over it that each of 50 entries waits for.
  assert.ok(mostHeld > 100 && mostHeld < 256 + 50, `${mostHeld} lines of a KiB held`)
})

test('stdout ends without an error when its reader goes away', async () => {
  const { child, ended } = startChild(20_000)
  child.stdout.once('data', () => child.stdout.destroy())
  const { code, report } = await ended
  assert.equal(code, 0)
  const { gone, givenUp, waiting } = JSON.parse(report)
  assert.deepEqual({ gone, givenUp, waiting }, { gone: 1, givenUp: 0, waiting: 0 })
})
