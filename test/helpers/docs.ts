import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { ROOT } from './settings.js'

/** A document of the project. */
type Page = { readonly path: string; readonly text: string }

/** A fenced code block; `marker` is the name that a comment above it gives. */
type Block = {
  readonly page: string
  readonly language: string
  readonly code: string
  readonly marker: string | undefined
}

/** README.md, docs/ and the other pages beside README.md. */
export const PAGES: readonly Page[] = [
  ...readdirSync(ROOT),
  ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`),
]
  .filter((name) => name.endsWith('.md'))
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))

/** All code blocks of all pages. */
export const BLOCKS: readonly Block[] = PAGES.flatMap(({ path, text }) =>
  [...text.matchAll(/(?:<!-- example: ([\w-]+) -->\n)?^```(\w*)\n(.*?)^```$/gms)].map(
    ([, marker, language = '', code = '']) => ({ page: path, language, code, marker }),
  ),
)

/** The code block with this marker. */
export function example(name: string): string {
  const blocks = BLOCKS.filter(({ marker }) => marker === name)
  assert.equal(blocks.length, 1, `expected one example "${name}", got ${blocks.length}`)
  return blocks[0]?.code ?? ''
}

/** The rows of the table with this marker (`<!-- KIND: NAME -->`), by cells, without its head. */
export function tableRows(kind: 'options' | 'table', name: string): string[][] {
  const tables = PAGES.flatMap(({ text }) => [
    ...text.matchAll(
      new RegExp(`<!-- ${kind}: ${name} -->\n\\|.*\n\\| --- .*\n((?:\\|.*\n)+)`, 'g'),
    ),
  ])
  assert.equal(tables.length, 1, `expected one table "${name}", got ${tables.length}`)
  return (tables[0]?.[1] ?? '')
    .trimEnd()
    .split('\n')
    .map((row) =>
      row
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    )
}

/** The code spans of the first column of a table. */
export function listed(kind: 'options' | 'table', name: string): string[] {
  return tableRows(kind, name).flatMap(([first = '']) => codeSpans(first))
}

/** What stands in backticks in a text. */
export function codeSpans(text: string): string[] {
  return [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
}

/**
 * The arguments of each `aruba-stream` command in shell lines, as far as the next pipe or
 * redirection. `…` becomes a host and an input file.
 */
export function programCommands(shell: string): string[][] {
  return shell
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .flatMap((line) => {
      const [, rest] = /^(?:.* \| |[A-Z_]+='[^']*' +)?aruba-stream(?= )(.*)$/.exec(line) ?? []
      return rest === undefined ? [] : [shellWords(rest)]
    })
}

function shellWords(text: string): string[] {
  const words: string[] = []
  for (const [word] of text.matchAll(/<\([^)]*\)|\d?>>?\s*\S+|(?:'[^']*'|"[^"]*"|[^\s'"])+/g)) {
    if (word === '|' || word === '#') break
    if (/^\d?>/.test(word)) continue
    if (word === '…') words.push('--hostname', 'HOST', '--jsoninput', 'input.json')
    else if (word.startsWith('<(')) words.push('/dev/fd/63')
    else words.push(word.replaceAll(/['"]/g, ''))
  }
  return words
}

/** The shipped `.proto` file of a topic. */
export function protoFile(topic: string): string {
  const folder = join(ROOT, 'proto')
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return join(folder, paths.find((path) => basename(path) === `${topic}.proto`) ?? topic)
}
