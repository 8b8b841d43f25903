import type { Status } from '../connection/status.js'
import type { StreamError } from '../errors.js'

/** How a run ended. */
type RunResult = {
  /** Of every entry of the input file. */
  readonly statuses: readonly Status[]
  /** Whether any subscription was open at any time of this run. */
  readonly everOpen: boolean
  /** A signal came, or the reader of stdout went away. */
  readonly asked: boolean
  /** Messages that an exporter gave up. */
  readonly givenUp: number
  /** Lines of the recording and the dead letter that could not be written. */
  readonly lost: number
}

/** The exit code of a run whose command line and input file were right. */
export function exitCode({
  statuses,
  everOpen = false,
  asked,
  givenUp,
  lost,
}: RunResult): 0 | 1 | 3 {
  const broken = statuses.some((status) => status.type === 'ended' && status.cause !== undefined)
  if (givenUp > 0 || lost > 0 || broken) return 1
  if (asked) return 0
  const refused = statuses.filter((status) => status.type === 'refused').length
  if (refused === 0) return 0
  return refused === statuses.length && !everOpen ? 3 : 1
}

/** What `check` found. */
export type Findings = {
  /** What is wrong with the input file. */
  readonly problems: readonly string[]
  readonly results: readonly { readonly faults: readonly StreamError[] }[]
  /** A signal came before everything was checked. */
  readonly interrupted: boolean
}

/**
 * The exit code of `check`: 2 where the file is wrong, 1 where not all of it could be checked, 3 where
 * Central refused any entry, 0 where all is in order.
 */
export function checkExitCode({ problems, results, interrupted }: Findings): 0 | 1 | 2 | 3 {
  const codes = results.flatMap(({ faults }) => faults.map((fault) => fault.exitCode))
  if (problems.length > 0 || codes.includes(2)) return 2
  if (interrupted || codes.includes(1)) return 1
  return codes.includes(3) ? 3 : 0
}
