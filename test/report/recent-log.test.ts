import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger } from '../../src/log.js'
import { RecentLog } from '../../src/report/recent-log.js'

test('the last fifty lines are kept, the newest first, without those of debug', () => {
  const written: string[] = []
  const recent = new RecentLog()
  const log = recent.tap(createLogger({ write: (text) => written.push(text), level: 'debug' }))
  log.debug('not kept')
  for (let at = 0; at < 60; at++) log.info(`line ${at}`)
  log.child({ entry: 'A' }).warn('moves \u001b[2J no cursor', { code: 'x', state: true })
  assert.equal(written.length, 62)
  assert.equal(recent.events.length, 50)
  const [last, before] = recent.events
  assert.deepEqual(
    { ...last, at: 0 },
    { at: 0, level: 'warn', text: 'A: moves \\u001b[2J no cursor (code=x)' },
  )
  assert.equal(before?.text, 'line 59')
})
