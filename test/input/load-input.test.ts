import assert from 'node:assert/strict'
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { withHost } from '../../src/input/entries.js'
import { parseHost } from '../../src/net/host.js'
import { writeInput } from '../helpers/input.js'
import { makeKey } from '../helpers/keys.js'
import { runAsNobody } from '../helpers/nobody.js'
import { tempFolder } from '../helpers/temp-folder.js'
import { entryProblems, load, problems, problemsOf } from './problems.js'

test('a valid file gives its entries in order, with what they need and nothing more', async (t) => {
  const [a, b] = [makeKey('a'), makeKey('b')]
  const path = await writeInput(
    t,
    `\ufeff${JSON.stringify({
      comment: 'kept',
      customers: {
        A_monitoring: { username: 'abc@example.com', wsskey: a, topic: 'monitoring', note: 1 },
        'B presence': {
          wsskey: b,
          topic: 'presence',
          username: '',
          hostname: 'wss://eu.example/streaming/api',
        },
      },
    })}`,
  )
  const { entries, warnings } = await load(path)
  assert.deepEqual(
    entries.map(({ key, ...rest }) => ({ ...rest, key: key.reveal() })),
    [
      {
        name: 'A_monitoring',
        label: 'A_monitoring',
        topic: 'monitoring',
        username: 'abc@example.com',
        hostname: undefined,
        key: a,
      },
      {
        name: 'B presence',
        label: 'B presence',
        topic: 'presence',
        username: undefined,
        hostname: { authority: 'eu.example', secure: true },
        key: b,
      },
    ],
  )
  assert.deepEqual(warnings, [])
  const hosts = withHost(entries, parseHost('us.example')).map(({ host }) => host.authority)
  assert.deepEqual(hosts, ['us.example', 'eu.example'])
})

test('a file that others can read gets a warning', async (t) => {
  const path = await writeInput(t, { A: { wsskey: makeKey('a'), topic: 'audit' } })
  for (const [mode, count] of [
    [0o600, 0],
    [0o640, 1],
    [0o604, 1],
    [0o400, 0],
  ] as const) {
    await chmod(path, mode)
    const { warnings } = await load(path)
    assert.equal(warnings.length, count, mode.toString(8))
    if (count) assert.match(warnings[0] ?? '', /input\.json: other users .*mode 06.*chmod 600/)
  }
})

test('a file that cannot be read says why', async (t) => {
  const folder = tempFolder(t)
  const file = async (name: string, bytes: string | Buffer) => {
    await writeFile(join(folder, name), bytes)
    return join(folder, name)
  }
  const circle = join(folder, 'circle')
  await symlink(circle, circle)
  await mkdir(join(folder, 'sub'))
  assert.match(
    await problems(join(folder, 'none.json')),
    /^FILE: it does not exist; expected the input file, an example is \/.*input\.example\.json \(ENOENT/,
  )
  assert.match(await problems(join(folder, 'sub')), /^FILE: it is a folder/)
  assert.match(await problems(circle), /^FILE: its symbolic links form a loop/)
  assert.match(await problems(await file('a', '')), /^FILE: it is empty/)
  assert.match(await problems(await file('b', '\ufeff \n')), /^FILE: it is empty/)
  const latin1 = Buffer.from('{\n"customers": "M\xfcller"}', 'latin1')
  assert.match(await problems(await file('c', latin1)), /^FILE: line 2 is not UTF-8/)
  assert.match(await problems(await file('d', Buffer.from('\ufeff{}', 'utf16le'))), /UTF-16/)
  assert.match(await problems(await file('e', Buffer.from([0xff]))), /^FILE: line 1 is not UTF-8/)
  const locked = await file('f', '{}')
  await chmod(locked, 0)
  await chmod(folder, 0o755)
  const said = await runAsNobody(
    new URL('../../src/input/load-input.js', import.meta.url),
    'await module.loadInput(args[0], { services: [] }).catch((error) => console.log(error.message))',
    [locked],
  )
  assert.match(said, /this user may not read it \(EACCES\)/)
})

test('a syntax error has line and column, and never quotes the file', async (t) => {
  const key = makeKey('syntax')
  const at = (text: string) => problemsOf(t, text)
  assert.match(await at(`{"customers": ${key}}`), /^FILE: line 1, column 15: is not JSON: /)
  assert.match(
    await at(`{\r\n "customers": {\r\n  "A": {"wsskey": "${key}\r\n`),
    /^FILE: line 3, column 19: is not JSON: this text has no closing quote/,
  )
  assert.match(await at('{"a": 1,\n}'), /^FILE: line 1, column 8: .*comma/)
  assert.match(await at('{"a": [1 , \n\n]}'), /^FILE: line 1, column 10: .*comma/)
  assert.match(
    await at('{"a": {\n "b": 1\n}\n\n'),
    /^FILE: line 3, column 1: .*ends before a closing }/,
  )
  assert.match(await at('{}\n// ends'), /^FILE: line 2, column 1: .*comments/)
  assert.match(await at('{"a": "\t"}'), /^FILE: line 1, column 7: .*control character/)
  assert.match(await at('['.repeat(100_000)), /nested too deeply/)
  assert.match(await at('[]'), /^FILE: the file: expected an object with "customers"; got an array/)
})

test('a file nested to any depth is taken, or refused as nested too deeply', async (t) => {
  for (let depth = 500; depth <= 8000; depth += 500) {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      const entry = JSON.stringify({ wsskey: makeKey('nested'), topic: 'audit' }).slice(0, -1)
      const nested = `${open.repeat(depth)}1${close.repeat(depth)}`
      const said = await problemsOf(t, `{"customers": {"A": ${entry}, "x": ${nested}}}}`)
      assert.match(said, /^valid$|nested too deeply/, `${open} ${depth} times`)
    }
  }
})

test('every problem is reported at once, each with its place', async (t) => {
  const text = `{"customers": {
    "A": {"wsskey": "", "topic": "wifi"},
    "B": {"topic": "audit", "topic": "audit", "wsskey": 5, "username": 7},
    "C": "${makeKey('misplaced')}",
    "A": {"wsskey": "${makeKey('a')}", "topic": "audit"},
    "odd \\n name": {}
  }}`
  const wanted = "expected the key from Central's Streaming page"
  const topics = 'expected one of apprf, audit, location, monitoring, presence, security'
  assert.deepEqual(
    (await problemsOf(t, text)).split('\n'),
    [
      'FILE: 9 problems',
      `FILE: customers.A.wsskey: is empty; ${wanted}`,
      `FILE: customers.A.topic: ${topics}; got "wifi"`,
      'FILE: customers.B.topic: is there twice; expected it once',
      `FILE: customers.B.wsskey: ${wanted}, a string; got a number`,
      'FILE: customers.B.username: expected the user name of the Central account, or no such property; got 7',
      'FILE: customers.C: expected an object with "wsskey" and "topic"; got a string of 198 characters (not shown: it may be a key)',
      'FILE: customers.A: a second entry of this name, on line 5; give it another',
      `FILE: customers["odd \\n name"].wsskey: is missing; ${wanted}`,
      `FILE: customers["odd \\n name"].topic: is missing; ${topics}`,
    ].map((line) => line.replace('198', String(makeKey('misplaced').length))),
  )
})

test('wrong customers say what was expected', async (t) => {
  assert.equal(
    await problemsOf(t, {}),
    'FILE: customers: is missing; expected an object of entries',
  )
  assert.match(await problemsOf(t, { customers: {} }), /customers: is empty; expected at least one/)
  assert.match(
    await problemsOf(t, { customers: [] }),
    /expected an object of entries; got an array/,
  )
  const twice = `{"customers": {"A": {"wsskey": "${makeKey('a')}", "topic": "audit"}},\n"customers": {}}`
  assert.equal(await problemsOf(t, twice), 'FILE: customers: is there twice, again on line 2')
})

test('a topic that is nearly right is answered with the right one', async (t) => {
  const said = async (topic: unknown) => (await entryProblems(t, { topic })).split('; got ')[1]
  assert.equal(await said('Monitoring'), '"Monitoring" (did you mean "monitoring"?)')
  assert.equal(await said('rapids'), '"rapids" (did you mean "security"?)')
  assert.equal(await said('presense'), '"presense" (did you mean "presence"?)')
  assert.equal(await said(' audit'), '" audit" (did you mean "audit"?)')
  assert.equal(await said('__proto__'), '"__proto__"')
  assert.equal(await said('wifi'), '"wifi"')
  assert.equal(await said(null), 'null')
  assert.equal(await said(['audit']), 'several: name the list "topics"')
  assert.equal(await said('\u001b[31m'), '"\\u001b[31m"')
})

test('a host or user name that is wrong says why', async (t) => {
  assert.match(
    await entryProblems(t, { hostname: 'ftp://eu.example' }),
    /customers\.A\.hostname: expected a host such as .*; got "ftp:\/\/eu\.example"/,
  )
  assert.match(await entryProblems(t, { hostname: 'http://eu.example' }), /plain text would show/)
  assert.match(await entryProblems(t, { hostname: null }), /customers\.A\.hostname: .*got null/)
  assert.match(
    await entryProblems(t, { username: 'a\r\nb' }),
    /holds a carriage return at character 2/,
  )
  assert.match(
    await entryProblems(t, { username: 'Łukasz' }),
    /holds "Ł" \(U\+0141\) at character 1, which an HTTP header cannot carry/,
  )
  assert.equal(await entryProblems(t, { username: 'Müller' }), 'valid')
})
