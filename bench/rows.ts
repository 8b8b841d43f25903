/**
 * How fast recorded frames become rows: `csv` beside the csv of another version, and `--rows` beside
 * records. Each run replays the same realistic golden frames in a process of its own; alternating rounds,
 * medians of CPU time, the start of the program taken off.
 *
 * ARUBA_STREAM_OTHER_CLI names the cli.js of the other version.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median, print, rate } from './figures.js'

const ROUNDS = 3
/** How often the golden frames are repeated in a recording. */
const REPEATS = 40

const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url))
const GOLDEN = new URL('../test/fixtures/golden/realistic.jsonl', import.meta.url)

/** The golden frames as a recording, so many times over. */
function recording(repeats: number): { text: string; frames: number } {
  const lines = readFileSync(GOLDEN, 'utf8').trimEnd().split('\n')
  const received = '2026-01-01T00:00:00.000Z'
  const once = lines.map((line) => {
    const { topic, frame } = JSON.parse(line)
    return `${JSON.stringify({ received, customer: `A_${topic}`, topic, frame })}\n`
  })
  return { text: once.join('').repeat(repeats), frames: once.length * repeats }
}

/** @returns milliseconds of CPU time that a replay takes */
function measure(cli: string, file: string, args: readonly string[]): number {
  const before = childCpuMs()
  const { status, stderr } = spawnSync(process.execPath, [cli, 'replay', file, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${cli} ${args.join(' ')}: ${stderr}`)
  return childCpuMs() - before
}

/** CPU time of all children that have ended, from /proc: fields 16 and 17, in hundredths of a second. */
function childCpuMs(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
  return (Number(fields[13]) + Number(fields[14])) * 10
}

/** Measures and prints a table. */
export async function benchRows(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'aruba-stream-bench-'))
  try {
    const { text, frames } = recording(REPEATS)
    const small = join(folder, 'small.ndjson')
    const large = join(folder, 'large.ndjson')
    writeFileSync(small, recording(1).text)
    writeFileSync(large, text)
    const other = process.env.ARUBA_STREAM_OTHER_CLI
    const csv = () => ['--export_data', `csv:${mkdtempSync(join(folder, 'csv-'))}`]
    const contestants: Record<string, [cli: string, args: () => string[]]> = {
      'records (--decode_data)': [CLI, () => ['--decode_data']],
      '--rows': [CLI, () => ['--rows']],
      '--brief': [CLI, () => ['--brief']],
      csv: [CLI, csv],
      ...(other && { 'csv of the other version': [other, csv] as [string, () => string[]] }),
    }
    const times = new Map(Object.keys(contestants).map((name) => [name, [] as number[]]))
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, [cli, args]] of Object.entries(contestants)) {
        const start = measure(cli, small, args())
        times.get(name)?.push(measure(cli, large, args()) - start)
      }
    }
    const speed = (name: string) => (frames * 1000) / median(times.get(name) ?? [])
    const against = (name: string, yardstick: string) =>
      times.has(yardstick) ? (speed(name) / speed(yardstick)).toFixed(2) : '-'
    print(
      'Rows',
      ['', 'frames/s', 'x records', 'x csv of the other version'],
      Object.keys(contestants).map((name) => [
        name,
        rate(speed(name)),
        against(name, 'records (--decode_data)'),
        against(name, 'csv of the other version'),
      ]),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}
