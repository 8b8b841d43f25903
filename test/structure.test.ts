import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const SRC = fileURLToPath(new URL('../src', import.meta.url))

/** Folders that must not import one another at run time; `schema` is open to all. */
const STAGES = [
  ...['command-line', 'input', 'key', 'connection', 'decode', 'export'],
  ...['report', 'check', 'replay', 'simulate'],
]

type Source = { readonly path: string; readonly text: string }

const sources: Source[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => ({ path, text: readFileSync(join(SRC, path), 'utf8') }))

/** Files of `src` that a file imports or exports from at run time, dynamic imports included. */
function imports({ path, text }: Source): string[] {
  const statements = text.matchAll(
    /(?:^(?:import|export)\s(?!type\b)[^'"]*?from\s+|\bimport\()'(\.[^']+)'/gm,
  )
  return [...statements].map(([, target = '']) => relative('', join(dirname(path), target)))
}

const stageOf = (path: string) => STAGES.find((stage) => path.startsWith(`${stage}/`))

describe('the sources', () => {
  test('keep the stages apart', () => {
    const crossings = sources.flatMap((source) => {
      const stage = stageOf(source.path)
      if (stage === undefined) return []
      return imports(source)
        .filter((target) => stageOf(target) !== undefined && stageOf(target) !== stage)
        .map((target) => `${source.path} imports ${target}`)
    })
    // The command line of `simulate` stands with its stage, which alone knows what it can do.
    assert.deepEqual(crossings, ['command-line/parse-command-line.ts imports simulate/settings.js'])
  })

  test('do not reach from a stage up to what puts the stages together', () => {
    const upwards = ['cli', 'run', 'run-check', 'run-replay', 'run-simulate', 'collector', 'sinks']
    const found = sources
      .filter(({ path }) => stageOf(path) !== undefined)
      .flatMap((source) => imports(source).map((target) => ({ from: source.path, target })))
      .filter(({ target }) => upwards.includes(target.replace(/\.js$/, '')))
    assert.deepEqual(found, [])
  })

  test('touch the process in cli.ts alone, but for the proxies’ variables', () => {
    const touching = sources.filter(({ text }) =>
      /(?<![.\w'`])process\.\w/.test(withoutComments(text)),
    )
    assert.deepEqual(touching.map(({ path }) => path).sort(), ['cli.ts', 'proxy.ts'])
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
