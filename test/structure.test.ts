import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, test } from 'node:test'
import { ROOT } from './helpers/settings.js'

const SRC = join(ROOT, 'src')

/**
 * Folders of `src`, from the top down: a folder may import at run time only from folders above it and
 * from the loose files. `import type` may go anywhere.
 */
const FOLDERS = [
  'net',
  'schema',
  'decode',
  'delivery',
  'input',
  'classic',
  'newcentral',
  'connection',
  'files',
  'rows',
  'outputs',
  'pipeline',
  'report',
  'simulator',
  'commands',
]

type Source = { readonly path: string; readonly text: string }

const sources: Source[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({ path, text: readFileSync(join(SRC, path), 'utf8') }))

/** Files of `src` that a file imports or exports from at run time, dynamic imports included. */
function imports({ path, text }: Source): string[] {
  const statements = text.matchAll(
    /(?:^import\s+|^(?:import|export)\s(?!type\b)[^'"]*?from\s+|\bimport\()'(\.[^']+)'/gm,
  )
  return [...statements].map(([, target = '']) => relative('', join(dirname(path), target)))
}

/** Where a file stands in the order; loose files are above all folders. */
const rankOf = (path: string) => FOLDERS.indexOf(path.split('/')[0] ?? '')

describe('the sources', () => {
  test('stand in the folders of the order, or loose at the top', () => {
    const folders = new Set(sources.map(({ path }) => dirname(path).split('/')[0]))
    folders.delete('.')
    assert.deepEqual(
      [...folders].filter((folder) => !FOLDERS.includes(folder ?? '')),
      [],
    )
  })

  test('import at run time from folders above their own and from loose files alone', () => {
    const wrong = sources
      .filter(({ path }) => rankOf(path) !== -1)
      .flatMap((source) =>
        imports(source)
          .filter((target) => rankOf(target) > rankOf(source.path))
          .map((target) => `${source.path} imports ${target}`),
      )
    assert.deepEqual(wrong, [])
  })

  test('touch the state of the process in cli.ts alone, but for the proxies’ variables', () => {
    const touching = sources.filter(({ text }) =>
      /(?<![.\w'`])process\.(?!nextTick|geteuid)\w/.test(withoutComments(text)),
    )
    assert.deepEqual(touching.map(({ path }) => path).sort(), ['cli.ts', 'net/proxy.ts'])
  })

  test('do not import node:process, which opens stdin', () => {
    const importing = sources.filter(({ text }) => text.includes("'node:process'"))
    assert.deepEqual(importing, [])
  })

  test('are files of at most 250 lines, but for generated types', () => {
    const long = sources.filter(
      ({ path, text }) => !path.startsWith('schema/types/') && text.split('\n').length > 251,
    )
    assert.deepEqual(
      long.map(({ path }) => path),
      [],
    )
  })

  test('leave nothing open and switch no checker off', () => {
    const open = /\b(TODO|FIXME|XXX|HACK)\b|@ts-|biome-ignore/
    assert.deepEqual(
      sources.filter(({ text }) => open.test(text)).map(({ path }) => path),
      [],
    )
  })
})

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*$/gm, '')
}
