import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { parseHost } from '../../src/net/host.js'
import { writeInput } from '../helpers/input.js'
import { leaksIn, makeKey } from '../helpers/keys.js'
import { tempFolder } from '../helpers/temp-folder.js'
import { entryProblems, load, problems, problemsOf } from './problems.js'

/** The warnings for these entries, without the path. */
async function warningsOf(t: TestContext, customers: object, host?: string): Promise<string[]> {
  const path = await writeInput(t, JSON.stringify({ customers }))
  const { warnings } = await load(path, { defaultHost: host ? parseHost(host) : undefined })
  assert.deepEqual(leaksIn(warnings.join('\n')), [])
  return warnings.map((warning) => warning.replaceAll(path, 'FILE'))
}

const entry = (changes: object = {}) => ({ wsskey: makeKey('a'), topic: 'audit', ...changes })

test('a property whose name is nearly right is an error where the right one is missing', async (t) => {
  const wsskey = makeKey('near')
  for (const [name, known] of [
    ['wssKey', 'wsskey'],
    ['wss_key', 'wsskey'],
    ['wskey', 'wsskey'],
    ['WSSKEY ', 'wsskey'],
    ['key', 'wsskey'],
    ['token', 'wsskey'],
    ['Topic', 'topic'],
    ['tpoic', 'topic'],
    ['hostnme', 'hostname'],
    ['host_name', 'hostname'],
    ['Hostname', 'hostname'],
    ['user_name', 'username'],
    ['userName', 'username'],
  ] as const) {
    const { [known]: value, ...others } = {
      wsskey,
      topic: 'audit',
      hostname: 'eu.example',
      username: 'ann',
    }
    const said = await problemsOf(t, { customers: { A: { ...others, [name]: value } } })
    const step = name.includes(' ') ? `["${name}"]` : `.${name}`
    assert.equal(
      said,
      `FILE: customers.A${step}: there is no such property; did you mean "${known}"?`,
    )
  }
})

test('a property whose name is nearly right gets a warning where the right one is there', async (t) => {
  const says = (name: string, known: string) =>
    `FILE: customers.A.${name}: there is no such property, and it is ignored; did you mean "${known}"?`
  assert.deepEqual(await warningsOf(t, { A: entry({ Topic: 'apprf', wssKey: 'x' }) }), [
    says('Topic', 'topic'),
    says('wssKey', 'wsskey'),
  ])
  // Another word, which may be meant as a note: the entry works without it.
  assert.deepEqual(await warningsOf(t, { A: entry({ host: 'x', user: 'y' }) }), [
    says('host', 'hostname'),
    says('user', 'username'),
  ])
  for (const name of ['url', 'base_url', 'baseUrl', 'base-url', 'server', 'cluster']) {
    assert.deepEqual(await warningsOf(t, { A: entry({ [name]: 'x' }) }), [says(name, 'hostname')])
  }
})

test('other unknown properties are ignored, and those that were taken out of use', async (t) => {
  const notes = [
    'name',
    'note',
    'customer',
    'site',
    'id',
    'type',
    'tenant',
    'region',
    'email',
    'us',
  ]
  const unused = ['_hostname', '#topic', '//wsskey', '-username', 'hostname_old', 'wsskey_before']
  const customers = {
    A: entry(Object.fromEntries([...notes, ...unused].map((name) => [name, 'x']))),
  }
  assert.deepEqual(await warningsOf(t, customers), [])
})

test('customers under a name that is nearly right are pointed out', async (t) => {
  const customers = { A: entry() }
  assert.equal(
    await problemsOf(t, { Customers: customers }),
    'FILE: customers: is missing; expected an object of entries; the file has "Customers": did you mean "customers"?',
  )
  assert.match(
    await problemsOf(t, { customer: customers }),
    /the file has "customer": did you mean/,
  )
  for (const name of ['costumers', 'cusotmers', 'custmers']) {
    assert.match(
      await problemsOf(t, { [name]: customers }),
      new RegExp(`the file has "${name}": did you mean "customers"`),
    )
  }
  const path = await writeInput(t, JSON.stringify({ customers, Customers: customers }))
  const { warnings } = await load(path)
  assert.deepEqual(warnings, [`${path}: "Customers": is ignored; only "customers" is read`])
})

test('each block beside customers whose name is nearly the same gets a warning', async (t) => {
  const customers = { A: entry() }
  const names = ['custmers', 'costumers', 'customers_', 'customer', 'CUSTOMERS']
  const blocks = Object.fromEntries(names.map((name) => [name, customers]))
  const others = { _customers: customers, customers_before: customers, custom: customers }
  const notes = { customer_id: '7', comments: 'x' }
  const path = await writeInput(t, JSON.stringify({ customers, ...blocks, ...others, ...notes }))
  const { warnings } = await load(path)
  assert.deepEqual(
    warnings,
    names.map((name) => `${path}: "${name}": is ignored; only "customers" is read`),
  )
})

test('entries outside of customers are pointed out', async (t) => {
  assert.equal(
    await problemsOf(t, { A: entry() }),
    'FILE: customers: is missing; expected an object of entries; move the entries into it',
  )
})

test('a list where one topic belongs names the property for lists', async (t) => {
  const wanted = 'FILE: customers.A.topic: expected one topic; got several: name the list "topics"'
  assert.equal(await entryProblems(t, { topic: ['audit', 'presence'] }), wanted)
  for (const topic of ['audit, presence', 'audit presence']) {
    assert.equal(await entryProblems(t, { topic }), `${wanted}, ["audit","presence"]`)
  }
})

test('the same subscription twice gets a warning', async (t) => {
  const [one, two] = [makeKey('one'), makeKey('two')]
  const customers = {
    A: { wsskey: one, topic: 'audit' },
    B: { wsskey: one, topic: 'audit' },
    'other topic': { wsskey: one, topic: 'apprf' },
    'other key': { wsskey: two, topic: 'audit' },
    'other host': { wsskey: one, topic: 'audit', hostname: 'eu.example' },
  }
  const says = (place: string) =>
    `FILE: customers${place}: has the key and topic of customers.A, so each message may come twice; remove one of them`
  assert.deepEqual(await warningsOf(t, customers), [says('.B')])
  assert.deepEqual(await warningsOf(t, customers, 'eu.example'), [
    says('.B'),
    says('["other host"]'),
  ])
})

test('a key with something around it, or none at all, says so', async (t) => {
  const key = makeKey('around')
  const said = async (wsskey: string) =>
    (await entryProblems(t, { wsskey })).replace('FILE: customers.A.wsskey: ', '')
  for (const quote of ['"', "'", '`']) {
    assert.match(await said(quote + key + quote), /^has quotation marks within the value/)
  }
  for (const [start, shown = start] of [
    ['Bearer '],
    ['bearer  ', 'bearer '],
    ['Basic '],
    ['Authorization: '],
    ['authorization:'],
    ['Authorization : '],
    ['AUTHORIZATION:  Bearer\t', 'AUTHORIZATION: Bearer '],
  ] as const) {
    assert.equal(await said(start + key), `begins with "${shown}"; expected the key alone`)
  }
  for (const text of ['xxxx', 'XXXXXXXX', '***', '<key>', 'YOUR_WSSKEY', 'your key here']) {
    assert.match(await said(text), /^still holds the text of an example; paste the key/, text)
  }
  assert.match(await said(`${key.slice(0, 40)}...`), /^ends in dots, so a part of it is missing/)
  assert.match(await said(`${key.slice(0, 40)}…`), /^ends in dots, so a part of it is missing/)
})

test('a variable or a file in place of a key says that the input file holds the key', async (t) => {
  const braced = ['CUST_A_KEY', 'KEY:-x'].map((name) => `\${${name}}`)
  for (const wsskey of [...braced, '$CUST_A_KEY', '%KEY%']) {
    assert.equal(
      await problemsOf(t, { customers: { A: { topic: 'audit', wsskey } } }),
      'FILE: customers.A.wsskey: is the name of a variable, and variables are not replaced; the input file holds the key itself: give the file mode 600',
    )
  }
  assert.equal(
    await problemsOf(t, { customers: { A: { topic: 'audit', wsskey_file: '/run/secret' } } }),
    'FILE: customers.A.wsskey_file: there is no such property; put the value into "wsskey" itself, and give the file mode 600',
  )
})

test('a key without the form of a key is used, with a warning', async (t) => {
  for (const wsskey of ['0123456789abcdef', 'two.parts', `${makeKey('four')}.parts`]) {
    assert.deepEqual(await warningsOf(t, { A: entry({ wsskey }) }), [
      'FILE: customers.A.wsskey: does not have the form of a key, three parts with dots between them; it is used as it is',
    ])
  }
})

test('a character that looks right in a value is named, with its place', async (t) => {
  const key = makeKey('lookalike')
  const zeroWidth = 'a zero-width space \\(U\\+200B\\)'
  for (const [changes, expected] of [
    [{ topic: 'audit\u200b' }, `topic: holds ${zeroWidth} at character 6; .*did you mean "audit"`],
    [
      { topic: '“audit”' },
      'topic: holds a typographic quotation mark \\(U\\+201C\\) at character 1',
    ],
    [
      { topic: '\u0430udit' },
      'topic: holds "\u0430" \\(U\\+0430\\) at character 1; .*did you mean "audit"',
    ],
    [{ hostname: 'eu\u200b.example' }, `hostname: holds ${zeroWidth} at character 3`],
    [{ hostname: 'eu\u2011west.example' }, 'hostname: holds a typographic dash \\(U\\+2011\\)'],
    [{ username: 'ann\u00a0b' }, 'username: holds a no-break space \\(U\\+00A0\\) at character 4'],
    [{ username: 'ann\u00ad' }, 'username: holds a soft hyphen \\(U\\+00AD\\) at character 4'],
    [{ wsskey: `\ufeff${key}` }, 'wsskey: holds a byte-order mark \\(U\\+FEFF\\) at character 1'],
    [
      { wsskey: `${key}\u00a0` },
      `wsskey: holds a no-break space .* at character ${key.length + 1}`,
    ],
    [{ wsskey: `“${key}”` }, 'wsskey: holds a typographic quotation mark .* at character 1'],
  ] as const) {
    assert.match(await entryProblems(t, changes), new RegExp(expected))
  }
  assert.equal(
    await problemsOf(t, { customers: { A: { 'wsskey\u200b': key, topic: 'audit' } } }),
    'FILE: customers.A["wsskey\\u{200b}"]: there is no such property; its name holds a zero-width space (U+200B) at character 7; did you mean "wsskey"?',
  )
})

test('a character that looks right in JSON is named, with line and column', async (t) => {
  const quote = (code: string) => `a typographic quotation mark (U+${code})`
  for (const [text, expected] of [
    [
      '{\n “customers”: {}}',
      `line 2, column 2: is not JSON: expected the plain "; got ${quote('201C')}`,
    ],
    [
      '{"customers”: {"A": 1}}',
      `line 1, column 17: is not JSON: expected a value or a name in double quotes; this is neither; there is ${quote('201D')} at line 1, column 12, where JSON needs the plain "`,
    ],
    [
      '{"customers": {\n"A": {"topic": "audit”}}}',
      `line 2, column 16: is not JSON: this text has no closing quote on its line; there is ${quote('201D')} at line 2, column 22`,
    ],
    [
      '{\n\u00a0"customers": {}}',
      'line 2, column 1: is not JSON: expected a plain space or none; got a no-break space (U+00A0)',
    ],
    [
      '{\u200b"customers": {}}',
      'line 1, column 2: is not JSON: expected a character of JSON; got a zero-width space (U+200B)',
    ],
    [
      "{'customers': {}}",
      'line 1, column 2: is not JSON: expected the plain "; got a single quotation mark',
    ],
  ] as const) {
    const said = await problemsOf(t, text)
    assert.ok(said.startsWith(`FILE: ${expected}`), said)
  }
  // In a name it is no fault.
  const said = await problemsOf(t, '{"customers": {"A": {"username": "L’Oréal", }}}')
  assert.match(said, /no comma after the last property\)$/)
})

test('UTF-16 is told with and without its mark, in both orders of bytes', async (t) => {
  const path = join(tempFolder(t), 'input.json')
  const text = JSON.stringify({ customers: { A: entry({ note: 'Müller' }) } }, null, 2)
  for (const [mark, expected] of [
    ['\ufeff', 'it is UTF-16; '],
    ['', 'it is UTF-16 without a byte-order mark; '],
  ] as const) {
    const little = Buffer.from(mark + text, 'utf16le')
    for (const bytes of [little, Buffer.from(little).swap16()]) {
      await writeFile(path, bytes)
      assert.equal(
        await problems(path),
        `FILE: ${expected}expected UTF-8: save it with that encoding`,
      )
    }
  }
})

test('what is written in another language, or is another kind of file, is told as such', async (t) => {
  const one = JSON.stringify({ customers: { A: entry() } })
  const begins = 'expected a JSON object, which begins with {'
  for (const [text, expected] of [
    ['{"a": True}', 'line 1, column 7: is not JSON: expected true; got True'],
    ['{"a": [None]}', 'line 1, column 8: is not JSON: expected null; got None'],
    ['customers:\n  A:\n    topic: audit\n', `line 1, column 1: is not JSON: ${begins}`],
    ['\n# my customers\n{}', `line 2, column 1: is not JSON: ${begins}`],
    [
      '<!DOCTYPE html><title>Sign in</title>',
      `line 1, column 1: is not JSON: this is HTML or XML; ${begins}`,
    ],
    [
      `{"customers": {\n<<<<<<< HEAD\n"A": {}}}`,
      'line 2, column 1: is not JSON: this is the mark of a merge conflict; resolve the conflict',
    ],
    [
      `${one}\n${one}`,
      'line 2, column 1: is not JSON: a second object begins here; expected one object in the file, or a comma between two',
    ],
  ]) {
    assert.equal(await problemsOf(t, text ?? ''), `FILE: ${expected}`)
  }
  const path = join(tempFolder(t), 'input.json')
  for (const [bytes, kind] of [
    [gzipSync(one), 'gzip'],
    [Buffer.from('PK\u0003\u0004'), 'ZIP'],
  ] as const) {
    await writeFile(path, bytes)
    const expected = `FILE: it is a ${kind} file; expected the JSON text: unpack it first`
    assert.equal(await problems(path), expected)
  }
})

test('entries that stand one level too deep are told to move', async (t) => {
  const move = 'holds objects, not an entry; put its entries into "customers" itself'
  assert.equal(
    await problemsOf(t, { customers: { acme: { A: entry(), B: entry() } } }),
    `FILE: customers.acme: ${move}`,
  )
  assert.match(await problemsOf(t, { customers: { A: {} } }), /A\.wsskey: is missing/)
})

test('a key in the place of a user name is not taken for one', async (t) => {
  const said = await entryProblems(t, { username: makeKey('user') })
  assert.match(
    said,
    /^FILE: customers\.A\.username: is a key \(not shown\); expected the user name/,
  )
})

test('of thousands of problems the first twenty are shown, and how many there are', async (t) => {
  const one = `"A": ${JSON.stringify(entry())}`
  const text = `{"customers": {${Array.from({ length: 20_000 }, () => one).join(',\n')}}}`
  const lines = (await problemsOf(t, text)).split('\n')
  assert.equal(lines.length, 22)
  assert.equal(lines[0], 'FILE: 19999 problems')
  assert.equal(
    lines[20],
    'FILE: customers.A: a second entry of this name, on line 21; give it another',
  )
  assert.equal(lines[21], 'FILE: and 19,979 more problems')
})

test('of thousands of warnings the first twenty are shown, and how many there are', async (t) => {
  const wsskey = makeKey('same')
  const customers = Object.fromEntries(
    Array.from({ length: 2000 }, (_, n) => [`e${n}`, { wsskey, topic: 'audit' }]),
  )
  const warnings = await warningsOf(t, customers)
  assert.equal(warnings.length, 21)
  assert.equal(warnings[20], 'FILE: and 1,979 more warnings')
})

test('an IPv6 address without brackets is told to have them', async (t) => {
  for (const hostname of ['::1', 'fe80::1', '2001:db8::1']) {
    assert.match(await entryProblems(t, { hostname }), new RegExp(`write \\[${hostname}\\]`))
  }
})

test('each wrong topic of a list is told', async (t) => {
  const said = (topics: unknown) =>
    problemsOf(t, { customers: { A: { wsskey: makeKey('topics'), topics } } })
  const all = 'expected one of apprf, audit, location, monitoring, presence, security'
  assert.deepEqual((await said(['presense', 'audit', ['audit'], 5, 'audit'])).split('\n'), [
    'FILE: 4 problems',
    `FILE: customers.A.topics: ${all}; got "presense" (did you mean "presence"?)`,
    `FILE: customers.A.topics: ${all}; got a list in the list`,
    `FILE: customers.A.topics: ${all}; got 5`,
    'FILE: customers.A.topics: has "audit" twice; expected it once',
  ])
})
