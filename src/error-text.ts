import { printable } from './text.js'

/**
 * What a thrown value says, as one harmless line of at most 300 characters. A stranger's code may throw
 * anything: no Error at all, or one whose getters throw.
 */
export function errorText(thrown: unknown): string {
  try {
    const text =
      thrown instanceof Error ? thrown.message || thrown.name : `it threw ${String(thrown)}`
    return printable(String(text).split(/[\r\n]/, 1)[0] ?? '', 300)
  } catch {
    return 'it threw something that cannot be shown'
  }
}
