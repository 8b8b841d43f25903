import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseCommandLine } from '../../src/commands/command-line.js'
import { StreamError } from '../../src/errors.js'
import { mergeSettings, readSetting, withDefaults } from '../../src/simulator/settings.js'
import { ROOT } from '../helpers/settings.js'

test('settings are read from text, and put together', () => {
  const texts = ['expires_in=900', 'queue=none', 'missing=wids', 'queue=any', 'missing=gw-events']
  assert.deepEqual(mergeSettings(texts.map(readSetting)), {
    expires_in: 900,
    queue: 'any',
    missing: ['wids', 'gw-events'],
  })
  assert.deepEqual(readSetting('old_client=a=b'), { old_client: ['a=b'] })
  const { expires_in, queue, pong, missing } = withDefaults({ queue: 'none' })
  assert.deepEqual([expires_in, queue, pong, missing], [7199, 'none', 'yes', []])
})

test('a wrong setting is refused with what is expected', () => {
  const wrong = [
    ['', /^expected NAME=VALUE, one of expires_in=1-86400, expiry_at=expiry\|half, /],
    ['speed=3', /^expected NAME=VALUE, one of .*, time=yes\|no$/],
    ['pong', /^pong: expected yes\|no \(whether pings are answered\)$/],
    ['pong=perhaps', /^pong: expected yes\|no/],
    ['expires_in=0', /^expires_in: expected 1-86400/],
    ['expires_in=1.5', /^expires_in: expected/],
    ['missing=monitoring', /^missing: expected ap-events\|/],
    ['refused_client=', /^refused_client: expected ID/],
  ] as const
  for (const [text, message] of wrong) {
    assert.throws(
      () => readSetting(text),
      (error) => error instanceof StreamError && message.test(error.message),
      text,
    )
  }
})

test('every setting says what it is for, and the documents list it with its values', () => {
  const page = readFileSync(join(ROOT, 'docs/simulator.md'), 'utf8')
  for (const [name, initial] of Object.entries(withDefaults({}))) {
    assert.match(name, /^[a-z_]+$/)
    assert.throws(
      () => readSetting(`${name}=`),
      (error) => {
        assert.ok(error instanceof StreamError)
        const [, values = '', meaning = ''] =
          /^\w+: expected (\S+) \((.+)\)$/.exec(error.message) ?? []
        assert.ok(values.length > 0 && meaning.length > 10, name)
        const row = page.split('\n').find((line) => line.startsWith(`| \`${name}\` |`))
        assert.ok(row, name)
        const shown = name === 'missing' ? [] : values.split('|')
        if (typeof initial === 'number') shown.push(String(initial))
        for (const value of shown) assert.ok(row.includes(value), `${name}: ${value}`)
        return true
      },
    )
  }
})

function simulated(...args: string[]) {
  const invocation = parseCommandLine(['simulate', ...args], '1.2.3')
  assert.ok(invocation.command === 'simulate')
  return invocation.settings
}

test('the command line takes settings, services, topics of both and a certificate', () => {
  const settings = simulated(
    ...['--newcentral', 'queue=none', '--newcentral', 'missing=wids', '--services', 'newcentral'],
    ...['--unsubscribed', 'audit', '--unsubscribed', 'rssi-events'],
    ...['--tls_cert', 'c.pem', '--tls-key', 'k.pem'],
  )
  assert.deepEqual(settings.newCentral, { queue: 'none', missing: ['wids'] })
  assert.deepEqual(settings.services, ['newcentral'])
  assert.deepEqual(simulated('--services', 'classic,newcentral').services, [
    'classic',
    'newcentral',
  ])
  assert.deepEqual(settings.unsubscribed, ['audit', 'rssi-events'])
  assert.deepEqual(settings.tls, { certFile: 'c.pem', keyFile: 'k.pem' })
  const wrong = [
    [['--newcentral', 'speed=3'], /^--newcentral: expected NAME=VALUE, one of /],
    [['--services', 'classic,new'], /^--services: expected classic, newcentral, or both/],
    [['--tls_cert', 'c.pem'], /^--tls_cert: expected --tls_key FILE beside it/],
    [['--tls_key', 'k.pem'], /^--tls_key: expected --tls_cert FILE beside it/],
  ] as const
  for (const [args, message] of wrong) {
    assert.throws(() => simulated(...args), { code: 'usage', message }, args.join(' '))
  }
})
