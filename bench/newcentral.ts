/**
 * How fast frames of New Central become lines, beside what other libraries make of the golden frames.
 * Medians of alternating rounds in one process; ratios are what counts.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { median, print, rate } from './figures.js'

const YARDSTICKS = [
  'protobufjs: frame to NDJSON',
  '@bufbuild/protobuf: frame to NDJSON',
  'JSON.stringify of ready objects',
]

/** Of one round: frames a second. */
type Rates = { readonly clock: number; readonly cpu: number }

/** Measures, and prints a table by the clock and one by CPU time. */
export async function benchNewCentral(): Promise<void> {
  const rounds = fileURLToPath(new URL('./newcentral-rounds.mjs', import.meta.url))
  const output = execFileSync(process.execPath, [rounds], { encoding: 'utf8' })
  const rates = JSON.parse(output) as Record<string, Rates[]>
  printRates('Decoding New Central, by the clock', rates, 'clock')
  printRates('Decoding New Central, by CPU time of all threads', rates, 'cpu')
}

function printRates(title: string, rates: Record<string, Rates[]>, by: keyof Rates): void {
  const speed = (name: string) => median((rates[name] ?? []).map((round) => round[by]))
  print(
    title,
    ['', 'frames/s', 'x protobufjs', 'x @bufbuild', 'x JSON.stringify'],
    Object.keys(rates).map((name) => [
      name,
      rate(speed(name)),
      ...YARDSTICKS.map((yardstick) => (speed(name) / speed(yardstick)).toFixed(2)),
    ]),
  )
}
