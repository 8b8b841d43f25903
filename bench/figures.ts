/** The middle one, or the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}

/** A rate, as tables show it. */
export function rate(perSecond: number): string {
  return Math.round(perSecond).toLocaleString('en-US')
}

/** Prints a table; all but its first column are numbers. */
export function print(
  title: string,
  headings: readonly string[],
  rows: readonly (readonly string[])[],
): void {
  const table = [headings, ...rows]
  const widths = headings.map((_, at) => Math.max(...table.map((row) => row[at]?.length ?? 0)))
  const lines = table.map((row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('  '),
  )
  process.stdout.write(`${[title, ...lines].join('\n')}\n\n`)
}
