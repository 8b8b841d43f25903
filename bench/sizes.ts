/**
 * What a byte costs in frames of 1 KB to 60 MB, for kinds of content and both forms of a record. It is to be
 * about the same at each size.
 */
import { execFileSync } from 'node:child_process'
import { bundled } from './bundled.js'
import { print } from './figures.js'

const KIB = 1024

/** Nanoseconds of CPU time a byte, of each round; by size. */
type Cost = { readonly size: number; readonly costs: readonly number[] }

/** Measures, and prints a table for each form. */
export async function benchSizes(): Promise<void> {
  const output = execFileSync(process.execPath, [bundled('sizes-rounds')], { encoding: 'utf8' })
  const costs = JSON.parse(output) as Record<string, Record<string, Cost[]>>
  for (const form of ['line', 'record']) {
    const rows = Object.entries(costs).map(([kind, forms]) => {
      // The least of all rounds: what a round has to collect of the one before is not its own.
      const least = (forms[form] ?? []).map((size) => Math.min(...size.costs))
      const spread = Math.max(...least) / Math.min(...least)
      return [kind, spread.toFixed(1), ...least.map((nanos) => nanos.toFixed(1))]
    })
    const sizes = Object.values(costs)[0]?.[form] ?? []
    print(
      `CPU nanoseconds a byte, frame to ${form === 'line' ? 'NDJSON' : 'object'}`,
      ['', 'most / least', ...sizes.map(({ size }) => sizeText(size))],
      rows,
    )
  }
}

function sizeText(bytes: number): string {
  const kib = bytes / KIB
  return kib < KIB ? `${kib} KiB` : `${kib / KIB} MiB`
}
