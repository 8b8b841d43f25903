import { errorText, StreamError } from '../errors.js'

/** What a user's module threw: `unavailable`, which is retried, where its error has `retry: true`. */
export function moduleFault(target: string, thrown: unknown): StreamError {
  const code = asksForRetry(thrown) ? 'unavailable' : 'export-failed'
  return new StreamError(code, `${target}: ${errorText(thrown)}`)
}

/** A module may throw anything, also what has getters that throw. */
function asksForRetry(thrown: unknown): boolean {
  try {
    return (thrown as { readonly retry?: unknown } | null | undefined)?.retry === true
  } catch {
    return false
  }
}
