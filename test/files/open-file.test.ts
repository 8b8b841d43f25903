import assert from 'node:assert/strict'
import { chmodSync, lchownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { geteuid } from 'node:process'
import { type TestContext, test } from 'node:test'
import { openForAppend, prepareFolder } from '../../src/files/open-file.js'
import { fakeContext } from '../helpers/export-fakes.js'
import { tempFolder } from '../helpers/temp-folder.js'

const STRANGER = 4321
const asRoot = { skip: geteuid?.() === 0 ? false : 'skipped: only root can give files away' }

/** A folder such as /tmp, where every user can write, with a file that this user already had. */
function sharedFolder(t: TestContext) {
  const folder = tempFolder(t)
  const shared = join(folder, 'shared')
  const own = join(folder, 'own')
  mkdirSync(shared)
  chmodSync(shared, 0o1777)
  writeFileSync(own, 'mine\n', { mode: 0o600 })
  return { own, path: join(shared, 'out') }
}

function optionsOf() {
  const { log, logged } = fakeContext()
  return { options: { label: '--record out', log }, warnings: () => logged.map((l) => l.message) }
}

test('a file that another user made where every user can write is refused', asRoot, async (t) => {
  const { path } = sharedFolder(t)
  writeFileSync(path, '', { mode: 0o600 })
  lchownSync(path, STRANGER, STRANGER)
  await assert.rejects(openForAppend(path, optionsOf().options), {
    code: 'exporter-unusable',
    message: `"${path}" belongs to another user (uid ${STRANGER}), in a folder where every user can write; remove it, or use another folder`,
  })
})

test(
  'a link that another user made where every user can write is not followed',
  asRoot,
  async (t) => {
    const { path, own } = sharedFolder(t)
    symlinkSync(own, path)
    lchownSync(path, STRANGER, STRANGER)
    const { options } = optionsOf()
    await assert.rejects(openForAppend(path, options), /is a link that another user made/)
    assert.equal(readFileSync(own, 'utf8'), 'mine\n')
    await assert.rejects(prepareFolder(path, options), /^StreamError: --record out: .*is a link/)
  },
)

test('a file below a folder or a link that another user made is refused', asRoot, async (t) => {
  const { path, own } = sharedFolder(t)
  const { options } = optionsOf()
  mkdirSync(path)
  lchownSync(path, STRANGER, STRANGER)
  for (const below of ['out.ndjson', 'a/b/out.ndjson']) {
    await assert.rejects(openForAppend(join(path, below), options), /out" belongs to another user/)
    await assert.rejects(prepareFolder(join(path, below), options), /out" belongs to another user/)
  }
  symlinkSync(dirname(own), `${path}2`)
  lchownSync(`${path}2`, STRANGER, STRANGER)
  await assert.rejects(
    openForAppend(join(`${path}2`, 'out'), options),
    /out2" is a link that another/,
  )
})

test('own files and links are used where every user can write', async (t) => {
  const { path, own } = sharedFolder(t)
  symlinkSync(own, path)
  const { options, warnings } = optionsOf()
  await (await openForAppend(path, options)).close()
  await (await openForAppend(`${path}2`, options)).close()
  assert.deepEqual(warnings(), [])
})

test('a file of another user in a safe folder gets a warning', asRoot, async (t) => {
  const path = join(tempFolder(t), 'out')
  writeFileSync(path, '', { mode: 0o600 })
  lchownSync(path, STRANGER, STRANGER)
  const { options, warnings } = optionsOf()
  await (await openForAppend(path, options)).close()
  assert.deepEqual(warnings(), [
    `the file "${path}" belongs to another user (uid ${STRANGER}), who can read the records`,
  ])
})

for (const [mode, can] of [
  [0o604, 'read'],
  [0o666, 'write to'],
] as const) {
  test(`a file that every user can ${can} gets a warning`, async (t) => {
    const path = join(tempFolder(t), 'out')
    writeFileSync(path, '')
    chmodSync(path, mode)
    const { options, warnings } = optionsOf()
    await (await openForAppend(path, options)).close()
    assert.deepEqual(warnings(), [
      `every user of this machine can ${can} the file "${path}" (mode ${mode.toString(8)}); see chmod(1)`,
    ])
  })
}

test('a folder where every user can write gets a warning', async (t) => {
  const folder = tempFolder(t)
  chmodSync(folder, 0o777)
  const { options, warnings } = optionsOf()
  await prepareFolder(folder, options)
  assert.match(warnings()[0] ?? '', /every user of this machine can write to the folder/)
})
