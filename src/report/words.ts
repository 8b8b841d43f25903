import type { EntrySnapshot } from './snapshot.js'
import { causeOf } from './snapshot.js'

/** `3 s`, `12 min`, `5 h`, `9 d`: the largest unit that fits, rounded down. */
export function showDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}

/** `1,234,567` */
export function showCount(count: number): string {
  return count.toLocaleString('en-US')
}

/** The state in a word or two, with the code of the failure where there is one. */
export function showState(entry: EntrySnapshot): string {
  const { status } = entry
  const code = causeOf(entry)?.code
  return code === undefined || code === status.type ? status.type : `${status.type}: ${code}`
}

/** `5 entries: 4 open, 1 retrying` */
export function showTotals(entries: readonly EntrySnapshot[]): string {
  const counts = new Map<string, number>()
  for (const { status } of entries) counts.set(status.type, (counts.get(status.type) ?? 0) + 1)
  const states = ['open', 'connecting', 'retrying', 'refused', 'ended']
    .filter((type) => counts.has(type))
    .map((type) => `${counts.get(type)} ${type}`)
  const total = entries.length === 1 ? '1 entry' : `${showCount(entries.length)} entries`
  return states.length === 0 ? total : `${total}: ${states.join(', ')}`
}
