/**
 * How fast frames of New Central become records and lines, beside what other libraries make of the golden frames.
 * Medians of alternating rounds in one process; ratios are what counts.
 */
import { execFileSync } from 'node:child_process'
import { bundled } from './bundled.js'
import { median, print, rate } from './figures.js'

const YARDSTICKS = [
  'protobufjs: frame to NDJSON',
  '@bufbuild/protobuf: frame to object',
  '@bufbuild/protobuf: frame to NDJSON',
  'JSON.stringify of ready objects',
]

/** Of one round: frames a second. */
type Rates = { readonly clock: number; readonly cpu: number }

/** Measures, and prints a table by the clock and one by CPU time. */
export async function benchNewCentral(): Promise<void> {
  const output = execFileSync(process.execPath, [bundled('newcentral-rounds')], {
    encoding: 'utf8',
  })
  const rates = JSON.parse(output) as Record<string, Rates[]>
  printRates('Decoding New Central, by the clock', rates, 'clock')
  printRates('Decoding New Central, by CPU time of all threads', rates, 'cpu')
}

function printRates(title: string, rates: Record<string, Rates[]>, by: keyof Rates): void {
  const all = (name: string) => (rates[name] ?? []).map((round) => round[by])
  const speed = (name: string) => median(all(name))
  // Within each round, so that a machine that is busy for a while slows both.
  const ratio = (name: string, yardstick: string) =>
    median(all(name).map((value, round) => value / (all(yardstick)[round] ?? Number.NaN))).toFixed(
      2,
    )
  print(
    title,
    [
      '',
      'x protobufjs',
      'x @bufbuild object',
      'x @bufbuild NDJSON',
      'x JSON.stringify',
      'frames/s',
    ],
    Object.keys(rates).map((name) => [
      name,
      ...YARDSTICKS.map((yardstick) => ratio(name, yardstick)),
      rate(speed(name)),
    ]),
  )
}
