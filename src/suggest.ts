/** A longer text is no typing error, and comparing it takes time. */
const MAX_LENGTH = 40

/**
 * The candidate that `text` most likely means: the same letters in another spelling, one that begins
 * with the text or holds it, else the one with the fewest typing errors. Undefined where none is close:
 * a wrong suggestion is worse than none.
 */
export function closest(text: string, candidates: readonly string[]): string | undefined {
  const wanted = letters(text)
  if (wanted.length < 2 || wanted.length > MAX_LENGTH) return undefined
  const find = (fits: (candidate: string) => boolean) =>
    candidates.find((candidate) => fits(letters(candidate)))
  const related =
    find((candidate) => candidate === wanted) ??
    find((candidate) => candidate.startsWith(wanted)) ??
    find((candidate) => wanted.length > 3 && candidate.includes(wanted))
  if (related !== undefined) return related

  let best: string | undefined
  let fewest = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const name = letters(candidate)
    const errors = countErrors(wanted, name)
    // One error in three letters: "jsn" is json, "mqtt" is not http.
    if (errors < fewest && errors <= Math.max(wanted.length, name.length) / 3) {
      best = candidate
      fewest = errors
    }
  }
  return best
}

/** `--Dead-Letter` -> `deadletter`: capitals, hyphens and underscores do not matter. */
function letters(text: string): string {
  return text.trim().toLowerCase().replaceAll(/[-_]/g, '')
}

/** How many letters are wrong, missing, too many, or swapped with their neighbour. */
function countErrors(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      next.push(
        Math.min(
          (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
          (row[j] ?? 0) + 1,
          (next[j - 1] ?? 0) + 1,
          swapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      )
    }
    before = row
    row = next
  }
  return row[b.length] ?? 0
}
