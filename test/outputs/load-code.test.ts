import assert from 'node:assert/strict'
import { chmodSync, lchownSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openModule } from '../../src/outputs/module.js'
import { openTransform } from '../../src/outputs/transform.js'
import { loadPackages } from '../../src/packages.js'
import { fakeContext } from '../helpers/export-fakes.js'
import { tempFolder } from '../helpers/temp-folder.js'

/** A user without a name. */
const STRANGER = 54_321

const asRoot = { skip: process.getuid?.() !== 0 && 'only root can make a file of another user' }

/** A folder in which every user can make files, such as /tmp. */
function sharedFolder(t: TestContext): string {
  const folder = tempFolder(t)
  chmodSync(folder, 0o1777)
  return folder
}

const REFUSED = /belongs to another user \(uid 54321\), in a folder where every user can write/

test('code that another user put where every user can write is not run', asRoot, async (t) => {
  const cwd = sharedFolder(t)
  const path = join(cwd, 'code.mjs')
  writeFileSync(path, 'export default () => undefined')
  await openModule('./code.mjs', fakeContext({ cwd }))
  await openTransform('./code.mjs', fakeContext({ cwd }))
  writeFileSync(path, 'process.exit(99)')
  lchownSync(path, STRANGER, STRANGER)
  await assert.rejects(openModule('./code.mjs', fakeContext({ cwd })), REFUSED)
  await assert.rejects(openTransform('./code.mjs', fakeContext({ cwd })), REFUSED)
})

test('a package that another user put above the current folder is not run', asRoot, async (t) => {
  const shared = sharedFolder(t)
  const modules = join(shared, 'node_modules')
  mkdirSync(join(modules, 'odd-package'), { recursive: true })
  writeFileSync(join(modules, 'odd-package/index.js'), 'exports.odd = true')
  const work = join(shared, 'work')
  mkdirSync(work)
  const needed = { type: 'odd://', names: ['odd-package'] }
  const load = () => loadPackages(needed, [join(work, 'package.json')])
  assert.equal((await load()).length, 1)
  lchownSync(modules, STRANGER, STRANGER)
  await assert.rejects(load(), REFUSED)
})
