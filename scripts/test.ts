import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { build } from 'esbuild'

// npm test [-- --full] [OPTION of node --test]... [FILE]...
//
// Compiles sources and tests into build/ and runs the tests from there as plain JavaScript. A loader of
// TypeScript in each of some hundred processes would take more time than the tests themselves.

const BUILD = 'build'
const COMPILED = ['scripts', 'src', 'test']

const compiled = (path: string) => join(BUILD, path.replace(/\.ts$/, '.js'))

/** Makes build/ look like the project, with each `.ts` as `.js` and everything else as a link. */
async function compile(): Promise<void> {
  const files = COMPILED.flatMap(filesIn)
  const { outputFiles } = await build({
    entryPoints: files.filter((path) => path.endsWith('.ts')),
    outbase: '.',
    outdir: BUILD,
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    sourcesContent: false,
    write: false,
  })
  for (const { path, contents } of outputFiles) {
    writeChanged(path, Buffer.from(contents))
  }
  const stale = new Set(COMPILED.flatMap((folder) => filesIn(join(BUILD, folder))))
  for (const path of files) stale.delete(compiled(path))
  for (const path of stale) rmSync(path)

  const others = readdirSync('.').filter((name) => ![...COMPILED, BUILD, '.git'].includes(name))
  for (const path of [...others, ...files.filter((path) => !path.endsWith('.ts'))]) {
    if (existsSync(join(BUILD, path))) continue
    mkdirSync(dirname(join(BUILD, path)), { recursive: true })
    symlinkSync(resolve(path), join(BUILD, path))
  }
}

/** Another run may be reading: what has not changed is not written. */
function writeChanged(path: string, contents: Buffer): void {
  if (existsSync(path) && readFileSync(path).equals(contents)) return
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, contents)
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => join(parentPath, name))
}

const words = process.argv.slice(2)
const full = words.includes('--full')
const named = words.filter((word) => !word.startsWith('-'))
const options = words.filter((word) => word.startsWith('-') && word !== '--full')

const tests = filesIn('test').filter((path) => path.endsWith('.test.ts'))
// The full size makes a difference only to these.
const sized = tests.filter((path) => /[^a-zA-Z]sized\(/.test(readFileSync(path, 'utf8')))
const chosen = named.length > 0 ? named : full ? sized : tests

/**
 * What a test file has a process of its own for: it starts processes or servers that are killed, changes or
 * counts what belongs to the process, or takes long.
 */
const APART =
  /node:child_process|helpers\/(here|kafka-broker|mortal|nats-server|postgres-server|program|small-disk|stream)\.js|\bprocess\.(chdir|env|getActive|on)|globalThis|queryObjects|stackTraceLimit|[^a-zA-Z]sized\(|^(after|before)(Each)?\(/m

/**
 * Has the other files of a folder imported by one, so that one process runs them. A process, and its imports,
 * take more time than most tests.
 */
function together(tests: readonly string[]): string[] {
  const files: string[] = []
  const groups = new Map<string, string[]>()
  for (const path of tests) {
    if (APART.test(readFileSync(path, 'utf8'))) files.push(compiled(path))
    else groups.set(dirname(path), [...(groups.get(dirname(path)) ?? []), compiled(path)])
  }
  for (const [folder, paths] of groups) {
    const file = join(BUILD, 'together', `${folder.replaceAll('/', '-')}.test.js`)
    const imports = paths.map((path) => `import '${relative(dirname(file), path)}'\n`)
    writeChanged(file, Buffer.from(imports.join('')))
    files.push(file)
  }
  return files
}

await compile()
const [concurrency, timeout] = full ? [4, 1_200_000] : [8, 600_000]
const node = [
  '--enable-source-maps',
  '--test',
  `--test-concurrency=${concurrency}`,
  `--test-timeout=${timeout}`,
  '--test-reporter=spec',
  ...options,
  ...(chosen === tests ? together(tests) : chosen.map(compiled)),
]
const env = { ...process.env, ...(full ? { ARUBA_STREAM_TEST_SIZE: 'full' } : {}) }
const run = spawn(process.execPath, node, { stdio: 'inherit', env })
run.on('exit', (code) => {
  process.exitCode = code ?? 1
})
