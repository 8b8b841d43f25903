/**
 * How much memory a hostile frame takes while it is decoded, in a process of its own for each frame and
 * form: the highest resident size, less that of the same process with a small frame.
 */
import { execFileSync } from 'node:child_process'
import { bundled } from './bundled.js'
import { print } from './figures.js'

const MIB = 2 ** 20
const FORMS = ['record', 'line'] as const

/** A topic, the bytes that its payload repeats, and how many MiB of them. */
const FRAMES: Readonly<Record<string, [topic: string, hex: string, mib: number]>> = {
  'empty list elements, 4 MiB': ['monitoring', '4200', 4],
  'empty list elements, 63 MiB': ['monitoring', '4200', 63],
  'small list elements, 63 MiB': ['monitoring', '42023801', 63],
  'texts of 12 characters in a list, 63 MiB': ['location', `420c${'61'.repeat(12)}`, 63],
  'empty texts in a list, 63 MiB': ['location', '4200', 63],
  'packed numbers, 63 MiB': ['monitoring', `4267b20164${'01'.repeat(100)}`, 63],
  'one field again and again, 63 MiB': ['location', '1801', 63],
  'unknown fields, 63 MiB': ['audit', 'f80f01', 63],
}

/** Measures, and prints a table. */
export async function benchDecodeMemory(): Promise<void> {
  const child = bundled('decode-memory-child')
  const run = (...args: string[]): { outcome: string; peak: number } =>
    JSON.parse(execFileSync(process.execPath, [child, ...args], { encoding: 'utf8' }))
  const idle = run('record', 'audit', 'f80f01', '0').peak
  const rows = Object.entries(FRAMES).map(([name, [topic, hex, mib]]) => {
    const results = FORMS.map((form) => run(form, topic, hex, String(mib)))
    const cells = results.map(({ peak }) => {
      const taken = (peak - idle) / MIB - mib
      return `${Math.round(taken)} MiB (${(taken / mib).toFixed(1)} x)`
    })
    return [name, ...cells, results[0]?.outcome ?? '']
  })
  print('Memory beside the frame, at its highest', ['', ...FORMS, 'outcome'], rows)
}
