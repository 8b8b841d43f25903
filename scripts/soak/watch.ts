import { readdir, readFile, readlink } from 'node:fs/promises'
import { type Family, parseExposition } from '../../test/helpers/exposition.js'

const PARTS = 16

/** Means, most and least of a figure, in sixteenths of a run. */
export class Parts {
  readonly #parts = Array.from({ length: PARTS }, () => ({
    sum: 0,
    count: 0,
    most: 0,
    least: Number.POSITIVE_INFINITY,
  }))

  /** @param done how much of the run is over, from 0 to 1 */
  add(done: number, value: number): void {
    const part = this.#parts[Math.min(Math.floor(done * PARTS), PARTS - 1)]
    if (!part || Number.isNaN(value)) return
    part.sum += value
    part.count += 1
    part.most = Math.max(part.most, value)
    part.least = Math.min(part.least, value)
  }

  get mean(): number[] {
    return this.#parts.map(({ sum, count }) => (count > 0 ? round(sum / count) : 0))
  }

  get most(): number[] {
    return this.#parts.map(({ most }) => round(most))
  }

  get least(): number[] {
    return this.#parts.map(({ least, count }) => (count > 0 ? round(least) : 0))
  }
}

export function round(value: number): number {
  return Math.round(value * 10) / 10
}

/** Megabytes of memory that a process has. */
export async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024
}

/** How many seconds of a processor a process has used. */
export async function processorOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

/** The descriptors of a process, counted by kind. */
export async function descriptorsOf(pid: number): Promise<Record<string, number>> {
  const folder = `/proc/${pid}/fd`
  const counts: Record<string, number> = { all: 0 }
  for (const name of await readdir(folder).catch(() => [])) {
    const target = await readlink(`${folder}/${name}`).catch(() => 'closed')
    const kind = target.startsWith('/') ? 'file' : target.replace(/:.*/, '')
    counts[kind] = (counts[kind] ?? 0) + 1
    counts.all = (counts.all ?? 0) + 1
  }
  return counts
}

/** What the program says of itself. */
export class Metrics {
  readonly #url: string

  constructor(port: number) {
    this.#url = `http://127.0.0.1:${port}/metrics`
  }

  async read(): Promise<Figures> {
    const answer = await fetch(this.#url)
    return new Figures(parseExposition(await answer.text()))
  }
}

class Figures {
  readonly #families: Map<string, Family>

  constructor(families: Map<string, Family>) {
    this.#families = families
  }

  /** The sum of all samples of a metric. */
  sum(name: string): number {
    const samples = this.#families.get(name)?.samples ?? []
    return samples.reduce((sum, { value }) => sum + value, 0)
  }

  /** What keeps the process alive, counted by kind. */
  get resources(): Record<string, number> {
    const samples = this.#families.get('nodejs_active_resources')?.samples ?? []
    return Object.fromEntries(samples.map(({ labels, value }) => [labels.type, value]))
  }
}
