import type { Status } from '../connection/status.js'

/** How a run ended. */
export type Outcome = {
  /** Of every entry of the input file. */
  readonly statuses: readonly Status[]
  /** A signal came, or the reader of stdout went away. */
  readonly asked: boolean
  /** Messages that an exporter gave up. */
  readonly givenUp: number
  /** Lines that recording and dead letter could not be given. */
  readonly lost: number
}

/** The exit code of a run whose command line and input file were right. */
export function exitCode({ statuses, asked, givenUp, lost }: Outcome): 0 | 1 | 3 {
  const broken = statuses.some((status) => status.type === 'ended' && status.cause !== undefined)
  if (givenUp > 0 || lost > 0 || broken) return 1
  if (asked) return 0
  const refused = statuses.filter((status) => status.type === 'refused').length
  if (refused === 0) return 0
  return refused === statuses.length ? 3 : 1
}
