/**
 * The candidate that somebody who wrote `text` most likely meant: one that begins with it, else the
 * one that takes the fewest single-letter edits. Undefined where there are no candidates.
 */
export function nearest(text: string, candidates: readonly string[]): string | undefined {
  const completed = candidates.find((candidate) => candidate.startsWith(text))
  if (completed !== undefined) return completed
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const distance = editDistance(text.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

/** How many single letters must be changed, put in or taken out (Levenshtein). */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitute = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(substitute, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
