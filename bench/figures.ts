/** The middle one, or the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2
}

/** Prints rates and their ratios to a yardstick. */
export function print(
  title: string,
  rows: readonly (readonly [name: string, rate: number, ratio: number])[],
): void {
  const lines = rows.map(([name, rate, ratio]) => {
    const shown = Math.round(rate).toLocaleString('en-US')
    return `${name.padEnd(34)} ${shown.padStart(10)} frames/s ${ratio.toFixed(2).padStart(7)}`
  })
  process.stdout.write(`${[title, ...lines].join('\n')}\n\n`)
}
