/**
 * How fast frames become records and lines, beside what other libraries make of the same frames, the
 * realistic golden ones. Medians of alternating rounds in one process; ratios are what counts.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { median, print, rate } from './figures.js'

const YARDSTICKS = [
  'protobufjs: frame to object',
  'protobufjs: frame to JSON',
  'JSON.stringify of ready objects',
]

/** Measures and prints a table. */
export async function benchDecode(): Promise<void> {
  const rounds = fileURLToPath(new URL('./decode-rounds.mjs', import.meta.url))
  const output = execFileSync(process.execPath, [rounds], { encoding: 'utf8' })
  const rates = JSON.parse(output) as Record<string, number[]>
  const speed = (name: string) => median(rates[name] ?? [])
  print(
    'Decoding, by CPU time',
    ['', 'frames/s', 'x protobufjs object', 'x protobufjs JSON', 'x JSON.stringify'],
    Object.keys(rates).map((name) => [
      name,
      rate(speed(name)),
      ...YARDSTICKS.map((yardstick) => (speed(name) / speed(yardstick)).toFixed(2)),
    ]),
  )
}
