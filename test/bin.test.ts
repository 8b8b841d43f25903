import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { VERSION } from '../src/packages.js'
import { ROOT } from './helpers/settings.js'
import { tempFolder } from './helpers/temp-folder.js'

/** Runs the file that `npm install` links, with a program that may not load, in a Node.js of some version. */
function run(t: TestContext, program: string, version: string) {
  const folder = tempFolder(t)
  for (const path of ['bin', 'package.json']) {
    cpSync(join(ROOT, path), join(folder, path), { recursive: true })
  }
  mkdirSync(join(folder, 'dist'))
  writeFileSync(join(folder, 'dist/cli.js'), program)
  const pretend = `Object.defineProperty(process, 'versions', { value: { node: '${version}' } })`
  const args = [
    ...['--import', `data:text/javascript,${encodeURIComponent(pretend)}`],
    join(folder, 'bin/aruba-stream.js'),
  ]
  return spawnSync(process.execPath, args, { encoding: 'utf8' })
}

const NOT_THERE = "import { notThere } from 'node:util'"

test('a Node.js that is too old for the program is named, with what is needed', (t) => {
  for (const version of ['12.22.9', '18.19.1', '20.9.0']) {
    const { status, stdout, stderr } = run(t, NOT_THERE, version)
    assert.equal(
      stderr,
      `aruba-stream needs Node.js 20.19.4 or newer, from https://nodejs.org; this is ${version} (${process.execPath})\n`,
    )
    assert.equal(status, 2)
    assert.equal(stdout, '')
  }
})

test('an old Node.js that can load the program runs it', (t) => {
  const { status, stdout } = run(t, "process.stdout.write('runs')", '20.19.2')
  assert.equal(stdout, 'runs')
  assert.equal(status, 0)
})

test('a program that does not load in a new Node.js says why', (t) => {
  const { status, stderr } = run(t, NOT_THERE, '24.0.0')
  assert.match(stderr, /SyntaxError: .*notThere/)
  assert.equal(status, 1)
})

test('the file that npm links runs the program', () => {
  const args = [join(ROOT, 'bin/aruba-stream.js'), '--version']
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  assert.equal(stdout, `${VERSION}\n`, stderr)
})
