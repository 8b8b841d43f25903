import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ALL_TOPICS } from '../../src/service.js'
import { displayWidth } from '../../src/text.js'
import { until } from '../helpers/clock.js'
import { trafficRecording } from '../helpers/recording.js'
import { ROOT } from '../helpers/settings.js'
import { tempFolder } from '../helpers/temp-folder.js'

/** What a terminal shows of a command, once its last line is there. */
async function screenOf(t: TestContext, columns: number, command: string): Promise<string[]> {
  let socket = ''
  const tmux = (...args: string[]) =>
    execFileSync('tmux', ['-S', socket, '-f', '/dev/null', '-u', ...args], { encoding: 'utf8' })
  t.after(() => tmux('kill-server'))
  socket = join(tempFolder(t), 'tmux')
  const size = ['-x', `${columns}`, '-y', '200']
  tmux('new-session', '-d', ...size, '-c', ROOT, `${command}; echo THE END; sleep 60`)
  let text = ''
  const isThere = () => {
    text = tmux('capture-pane', '-p').trimEnd()
    return text.endsWith('THE END')
  }
  await until(isThere, () => text)
  return text.split('\n').slice(0, -1)
}

for (const columns of [80, 120]) {
  test(`brief lines of all topics fit a terminal of ${columns} columns`, async (t) => {
    if (spawnSync('tmux', ['-V']).error) return t.skip('tmux is not installed')
    const path = join(tempFolder(t), 'frames.ndjson')
    // The first message of monitoring alone has a hundred rows.
    const lines = trafficRecording(2).split('\n').slice(18)
    writeFileSync(path, lines.join('\n'))
    const program = `TZ=UTC '${process.execPath}' dist/cli.js replay '${path}' --brief 2>/dev/null`
    const screen = await screenOf(t, columns, program)
    const wide = screen.filter((line) => displayWidth(line) > columns)
    assert.deepEqual(wide, [])
    assert.ok(screen.some((line) => displayWidth(line) === columns && line.endsWith('…')))
    for (const line of screen) assert.match(line, /^2026-11-25 17:58:05 (Campus|Branches) +[\w-]+/)
    for (const topic of ALL_TOPICS) {
      const shown = topic.slice(0, Math.floor(columns / 5) - 1)
      assert.ok(
        screen.some((line) => line.includes(` ${shown}`)),
        `${topic}\n${screen.join('\n')}`,
      )
    }
    for (const line of screen) t.diagnostic(line)
  })
}
