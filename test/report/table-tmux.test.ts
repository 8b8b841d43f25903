import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { displayWidth } from '../../src/text.js'

const SHOW = fileURLToPath(new URL('../helpers/table-show.ts', import.meta.url))
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PATIENCE_MS = 60_000

/** A terminal with a server of its own, which goes when the test ends. */
async function startTmux(t: TestContext, columns: number) {
  const folder = mkdtempSync(join(tmpdir(), 'aruba-stream-tmux-'))
  const socket = join(folder, 'tmux')
  const tmux = (...args: string[]) =>
    execFileSync('tmux', ['-S', socket, '-f', '/dev/null', '-u', ...args], { encoding: 'utf8' })
  const command = `'${process.execPath}' --import tsx '${SHOW}'; sleep 60`
  tmux('new-session', '-d', '-x', `${columns}`, '-y', '20', '-c', ROOT, command)
  t.after(() => {
    tmux('kill-server')
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    tmux,
    press: () => tmux('send-keys', 'x'),
    resize: (to: number) => tmux('resize-window', '-x', `${to}`, '-y', '20'),
    /** The lines on the screen as soon as they fit. */
    async screen(fits: (text: string) => boolean): Promise<string[]> {
      const until = Date.now() + PATIENCE_MS
      let text = ''
      while (Date.now() < until) {
        text = tmux('capture-pane', '-p').trimEnd()
        if (fits(text)) return text.split('\n')
        await wait(20)
      }
      throw new Error(`what was waited for did not come:\n${text}`)
    },
  }
}

function stateOf(lines: readonly string[], name: string): string | undefined {
  return lines
    .find((line) => line.startsWith(name) && line.includes('monitoring'))
    ?.split(/ {2,}/)
    .find((cell) => /^(open|connecting|retrying|refused)/.test(cell))
}

for (const columns of [80, 120]) {
  test(`on a terminal of ${columns} columns the table redraws in place while entries connect, break and come back`, async (t) => {
    if (spawnSync('tmux', ['-V']).error) return t.skip('tmux is not installed')
    const { press, screen, resize, tmux } = await startTmux(t, columns)

    const first = await screen((text) => text.includes('3 connecting'))
    assert.equal(first.length, 5)
    assert.match(first[0] ?? '', /^ENTRY +TOPIC +STATE +MESSAGES +RATE\/S +LAST +RECONN$/)
    assert.equal(tmux('display-message', '-p', '#{cursor_flag}').trim(), '0')

    press()
    const connected = await screen((text) => text.includes('1 open, 2 connecting'))
    assert.equal(stateOf(connected, 'CustomerA'), 'open')
    press()
    await screen((text) => text.includes('2 open'))

    press()
    const broken = await screen((text) => text.includes('1 retrying'))
    assert.match(broken[0] ?? '', /WARN +"客户 📶 presence": closed it \\u001b\[2J\\n/)
    const table = broken.slice(broken.findIndex((line) => line.startsWith('ENTRY')))
    assert.equal(table.length, 5)
    assert.match(stateOf(table, '客户') ?? '', /^retrying: conn/)
    press()
    await screen((text) => text.includes('1 refused'))
    press()
    const back = await screen((text) => text.includes('2 open, 1 refused'))
    assert.equal(back.length, broken.length)
    const line = back.find((each) => each.startsWith('客户') && each.includes('open')) ?? ''
    assert.match(line, / 7 .* 1$/)

    const narrow = 60
    resize(narrow)
    const resized = await screen(
      (text) =>
        text.split('\n').filter((each) => each.startsWith('ENTRY')).length === 1 &&
        text.split('\n').every((each) => displayWidth(each) <= narrow) &&
        !text.includes('RECONN'),
    )
    assert.equal(resized.filter((each) => each.includes('entries:')).length, 1)

    press()
    const end = await screen((text) => text.endsWith('the end'))
    assert.match(end.at(-2) ?? '', /^3 entries: 2 open, 1 refused · 48 messages/)
    assert.equal(tmux('display-message', '-p', '#{cursor_flag}').trim(), '1')
  })
}
