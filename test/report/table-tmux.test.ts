import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { displayWidth } from '../../src/text.js'
import { until } from '../helpers/clock.js'
import { LOADER, ROOT } from '../helpers/settings.js'
import { tempFolder } from '../helpers/temp-folder.js'

const SHOW = fileURLToPath(new URL('../helpers/table-show.js', import.meta.url))

/** A terminal with a server of its own, which goes when the test ends. */
async function startTmux(t: TestContext, columns: number, many = 0) {
  let socket = ''
  // Before its folder is removed.
  t.after(() => tmux('kill-server'))
  socket = join(tempFolder(t), 'tmux')
  const tmux = (...args: string[]) =>
    execFileSync('tmux', ['-S', socket, '-f', '/dev/null', '-u', ...args], { encoding: 'utf8' })
  const command = `'${process.execPath}' ${LOADER.join(' ')} '${SHOW}' ${many}; sleep 60`
  tmux('new-session', '-d', '-x', `${columns}`, '-y', '20', '-c', ROOT, command)
  return {
    tmux,
    press: () => tmux('send-keys', 'x'),
    resize: (to: number) => tmux('resize-window', '-x', `${to}`, '-y', '20'),
    /** The lines on the screen as soon as they fit. */
    async screen(fits: (text: string) => boolean): Promise<string[]> {
      let text = ''
      const isThere = () => {
        text = tmux('capture-pane', '-p').trimEnd()
        return fits(text)
      }
      await until(isThere, () => text)
      return text.split('\n')
    },
  }
}

function stateOf(lines: readonly string[], name: string): string | undefined {
  return lines
    .find((line) => line.startsWith(name) && line.includes('monitoring'))
    ?.split(/ {2,}/)
    .find((cell) => /^(open|connecting|retrying|refused)/.test(cell))
}

for (const columns of [80, 120, 200]) {
  test(`on a terminal of ${columns} columns the table redraws in place while entries connect, break and come back`, async (t) => {
    if (spawnSync('tmux', ['-V']).error) return t.skip('tmux is not installed')
    const { press, screen, resize, tmux } = await startTmux(t, columns)

    const first = await screen((text) => text.includes('3 connecting'))
    assert.equal(first.length, 5)
    assert.match(
      first[0] ?? '',
      columns === 80
        ? /^ENTRY +TOPIC +STATE +MESSAGES +RATE\/S +LAST +RECONN$/
        : /^ENTRY +TOPIC +STATE +MESSAGES +RATE\/S +BYTES +LAST +DELAY +RECONN$/,
    )
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
    await screen(
      (text) =>
        text.split('\n').filter((each) => each.startsWith('ENTRY')).length === 1 &&
        text.split('\n').filter((each) => each.includes('subscriptions:')).length === 1 &&
        text.split('\n').every((each) => displayWidth(each) <= narrow) &&
        !text.includes('RECONN'),
    )

    press()
    const end = await screen((text) => text.endsWith('the end'))
    assert.match(end.at(-2) ?? '', /^3 subscriptions: 2 open, 1 refused · 48 messages/)
    assert.equal(tmux('display-message', '-p', '#{cursor_flag}').trim(), '1')
  })
}

for (const columns of [80, 120, 200]) {
  test(`on a terminal of ${columns} columns 240 subscriptions are grouped by cluster, also after a resize`, async (t) => {
    if (spawnSync('tmux', ['-V']).error) return t.skip('tmux is not installed')
    const { press, screen, resize } = await startTmux(t, columns, 240)
    const first = await screen((text) => text.includes('240 open'))
    assert.equal(first.length, 19)
    press()
    const outage = await screen((text) => text.includes('78 retrying: connection-lost'))
    assert.equal(outage.length, 19)
    assert.match(outage[1] ?? '', /^us\.example +78 topics +78 retrying/)
    assert.match(outage[4] ?? '', /^Customer2 +apprf +retrying: conn/)
    for (const width of [columns - 25, columns + 30]) {
      resize(width)
      // All at once: the terminal also shows parts of a drawing.
      await screen(
        (text) =>
          text.startsWith('ENTRY') &&
          text.split('\n').length === 19 &&
          text.split('\n').every((each) => displayWidth(each) <= width) &&
          text.split('\n').filter((each) => each.startsWith('ENTRY')).length === 1 &&
          text.split('\n').filter((each) => /^us\.exa/.test(each)).length === 1,
      )
    }
    press()
    const end = await screen((text) => text.endsWith('the end'))
    assert.match(end.at(-3) ?? '', /^68 more were in trouble$/)
    assert.match(end.at(-2) ?? '', /^240 subscriptions: 162 open, 78 retrying/)
  })
}
