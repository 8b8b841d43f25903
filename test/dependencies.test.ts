import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from './helpers/settings.js'

type LockedPackage = {
  readonly dev?: true
  readonly devOptional?: true
  readonly hasInstallScript?: true
  readonly resolved?: string
  readonly integrity?: string
}

const read = (file: string) => JSON.parse(readFileSync(join(ROOT, file), 'utf8'))
const locked = Object.entries<LockedPackage>(read('package-lock.json').packages).filter(([path]) =>
  path.startsWith('node_modules/'),
)
/** What users get. */
const installed = locked.filter(([, { dev, devOptional }]) => !dev && !devOptional)

test('what users install has no install scripts, and is little', () => {
  assert.deepEqual(
    installed.filter(([, { hasInstallScript }]) => hasInstallScript),
    [],
  )
  assert.ok(installed.length > 0 && installed.length <= 12, `${installed.length} packages`)
})

test('every package is locked by its content, and none comes from elsewhere than the registry', () => {
  for (const [path, { resolved, integrity = '' }] of locked) {
    assert.match(integrity, /^sha512-/, path)
    if (resolved) assert.match(resolved, /^https:\/\/registry\.npmjs\.org\//, path)
  }
})

test('the package itself runs nothing when it is installed', () => {
  const { scripts, bundleDependencies } = read('package.json')
  for (const name of ['preinstall', 'install', 'postinstall'])
    assert.equal(scripts[name], undefined)
  assert.equal(bundleDependencies, undefined)
})
