import type { Histogram } from '../delivery/histogram.js'

/** What the values of one histogram are labelled with. */
export type Labelled = { readonly label: string; readonly histogram: Histogram }

/** Histograms in the text format of Prometheus. `prom-client` takes single values alone, not counts. */
export function histogramText(
  {
    name,
    help,
    labelName,
  }: { readonly name: string; readonly help: string; readonly labelName: string },
  all: readonly Labelled[],
): string {
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`]
  for (const { label, histogram } of all) {
    const own = `${labelName}="${label.replace(/[\\"\n]/g, escapeCharacter)}"`
    let count = 0
    for (const [at, more] of histogram.counts.entries()) {
      count += more
      lines.push(`${name}_bucket{${own},le="${histogram.bounds[at] ?? '+Inf'}"} ${count}`)
    }
    lines.push(`${name}_sum{${own}} ${histogram.sum}`, `${name}_count{${own}} ${count}`)
  }
  return `${lines.join('\n')}\n`
}

function escapeCharacter(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`
}
