/** How often what happens, milliseconds. */
export type Periods = {
  /** Each connection breaks once in this time, at a moment of its own. */
  readonly break: number
  /** So long a token lives. What the server does at its end changes as often. */
  readonly token: number
  /** The key of some customer is renewed. */
  readonly renewal: number
  /** The receiver is closed, and opened again after `down` at most. */
  readonly restart: number
  readonly down: number
  /** The file of records is renamed, and the program gets SIGHUP. */
  readonly reload: number
  /** At the end of the run nothing breaks for this long. */
  readonly calm: number
  /** Whether connections may freeze: that is noticed after a minute. */
  readonly freezes: boolean
}

const LONG_SECONDS = 7200
const LONG: Periods = {
  break: 200_000,
  token: 240_000,
  renewal: 60_000,
  restart: 180_000,
  down: 8000,
  reload: 600_000,
  calm: 180_000,
  freezes: true,
}
/** What the shortest run has. */
const LEAST = {
  break: 15_000,
  token: 10_000,
  renewal: 4000,
  restart: 15_000,
  down: 4000,
  reload: 15_000,
  calm: 10_000,
}

/** The periods of a run of two hours; those of a shorter run are shorter. */
export function periodsOf(seconds: number): Periods {
  const names = Object.keys(LEAST) as (keyof typeof LEAST)[]
  const scale = Math.min(seconds / LONG_SECONDS, 1)
  const scaled = names.map((name) => [name, Math.max(LONG[name] * scale, LEAST[name])])
  return { ...LONG, ...Object.fromEntries(scaled), freezes: seconds >= 1800 }
}
