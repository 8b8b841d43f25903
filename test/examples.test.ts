import assert from 'node:assert/strict'
import { type SpawnSyncReturns, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseCommandLine } from '../src/commands/command-line.js'
import { needs, SYSTEM_ENV } from './helpers/needs.js'
import { tempFolder } from './helpers/temp-folder.js'

const EXAMPLES = fileURLToPath(new URL('../examples/', import.meta.url))
const UNIT = readFileSync(join(EXAMPLES, 'aruba-stream.service'), 'utf8')
const LOGROTATE = readFileSync(join(EXAMPLES, 'logrotate.conf'), 'utf8')

test('systemd accepts the unit without a remark', needs('systemd-analyze'), async (t) => {
  const unit = join(tempFolder(t), 'aruba-stream.service')
  // systemd looks for the program, which is not installed here.
  writeFileSync(unit, UNIT.replace('/usr/local/bin/aruba-stream', process.execPath))
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], {
    encoding: 'utf8',
  })
  const remarks = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('aruba-stream'))
  assert.deepEqual(remarks, [])
  assert.equal(status, 0, stderr)
})

test('the command of the unit is one that the program understands', () => {
  const [, command = ''] = /^ExecStart=\S+ (.*)$/m.exec(UNIT) ?? []
  const invocation = parseCommandLine(command.split(' '), '2.0.0')
  assert.equal(invocation.command, 'stream')
})

test('the unit is restarted a minute after every failure but a wrong command line or input file', () => {
  assert.match(UNIT, /^Restart=on-failure$/m)
  assert.match(UNIT, /^RestartSec=60$/m)
  assert.match(UNIT, /^RestartPreventExitStatus=2$/m)
})

test(
  'logrotate rotates the records that the unit writes, and never the dead letters',
  needs('logrotate'),
  async (t) => {
    const folder = tempFolder(t)
    const logs = join(folder, 'logs')
    mkdirSync(logs, { mode: 0o750 })
    const [, records = ''] = /json:%L\/aruba-stream\/(\S+)/.exec(UNIT) ?? []
    const [, deadLetters = ''] = /--dead_letter %L\/aruba-stream\/(\S+)/.exec(UNIT) ?? []
    const config = join(folder, 'logrotate.conf')
    const signals = join(folder, 'signals')
    writeFileSync(
      config,
      LOGROTATE.replace('/var/log/aruba-stream', logs)
        // The user that runs this test owns the files.
        .replace('su aruba-stream aruba-stream', '')
        .replace(/systemctl .*/, `echo HUP >> ${signals}`),
      { mode: 0o600 },
    )
    writeFileSync(join(logs, deadLetters), 'kept\n')
    // More days than logrotate keeps.
    for (let day = 1; day <= 16; day += 1) {
      writeFileSync(join(logs, records), `day ${day}\n`)
      const args = ['--force', '--state', join(folder, 'state'), config]
      const { status, stderr }: SpawnSyncReturns<string> = spawnSync('logrotate', args, {
        encoding: 'utf8',
        env: SYSTEM_ENV,
      })
      assert.equal(status, 0, stderr)
    }
    const kept = readdirSync(logs).filter((name) => name.startsWith(records))
    assert.equal(kept.length, 14)
    assert.equal(readFileSync(join(logs, `${records}.1`), 'utf8'), 'day 16\n')
    assert.deepEqual(
      readdirSync(logs).filter((name) => name.startsWith(deadLetters)),
      [deadLetters],
    )
    assert.equal(readFileSync(join(logs, deadLetters), 'utf8'), 'kept\n')
    assert.equal(readFileSync(signals, 'utf8'), 'HUP\n'.repeat(16))
  },
)
