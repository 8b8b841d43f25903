import { type LogFields, type Logger, type LogLevel, loggerTo } from '../log.js'
import { getOrMake } from '../maps.js'
import { listed } from '../text.js'
import { duration } from './status-line.js'

type CollapseOptions = {
  /** Milliseconds since any fixed point, by a monotonic clock. */
  readonly elapsed?: () => number
}

/** A logger that writes the first of equal lines, and later how many more there were. */
export interface CollapsingLogger extends Logger {
  /** Logs the repeats that were held back for long enough. Call it every few seconds. */
  logRepeats(): void
  /** Logs all repeats that are held back, but for those of states that tell of no gap. Call it at the end. */
  flush(): void
  /** Logs what is held back, and counts the next line of each kind as a first one: an operator waits for it. */
  startAnew(): void
}

/** Lines of one level, place (output, or else entry, host and service), code, cause and kind. */
type Repeated = {
  /** When the last of them was logged. */
  loggedMs: number
  intervalMs: number
  /** When the last of them came. */
  lastMs: number
  held: number
  /** The sum of the gaps of those that are held. */
  gapsMs: number
  /** The entries of those that are held. */
  readonly entries: Set<string>
  /** A later state has replaced the last line. */
  outdated: boolean
  level: LogLevel
  message: string
  fields: LogFields
}

/** How long repeats are held back at first. */
const INTERVAL_MS = 60_000
/** A server that is down for a day gets a line an hour. */
const MAX_INTERVAL_MS = 3_600_000
/** More kinds of one level, place, code and cause count as one: a module may throw another text each time. */
const MOST_KINDS = 20

/**
 * Holds back repeated lines. The first line of a level, place, code, cause and kind is logged. Further
 * ones are counted; when the interval is over, the last one is logged with their number, and the
 * interval doubles, up to an hour. After two of the first intervals without such a line (longer than
 * any wait between retries) the next one counts as a first one. Lines without code and kind are logged at once.
 * An output is one place, whichever entries its lines are about.
 *
 * A line with `state` holds until the next line of that state of its entry and output: "trying again" must
 * not be logged once the connection is open. Its repeats are still counted, and logged with the next
 * one of its kind. Gaps that a line names (`gapMs`) are no state: their number and sum are logged in any case.
 * One without a code says that trouble is over: it is held back only where the line about the trouble was.
 */
export function collapseRepeats(
  log: Logger,
  { elapsed = () => performance.now() }: CollapseOptions = {},
): CollapsingLogger {
  const kinds = new Map<string, Repeated>()
  /** By place and `state`: the kind of the state that was logged last. */
  const states = new Map<string, Repeated>()
  /** By level, place, code and cause. */
  const keys = new Map<string, Set<string>>()

  /** The key of a line among those that differ from it only in their kind. */
  const keyOf = (common: string, kind: string | undefined) => {
    const of = getOrMake(keys, common, () => new Set<string>())
    const key = `${common} ${kind ?? ''}`
    return of.has(key) || of.size < MOST_KINDS ? key : common
  }

  const logHeld = (kind: Repeated) => {
    if (kind.held === 0 || (kind.outdated && kind.fields.gapMs === undefined)) return
    const nowMs = elapsed()
    const { message, fields } = heldLine(kind, nowMs)
    log[kind.level](message, fields)
    kind.loggedMs = nowMs
    kind.held = 0
    kind.gapsMs = 0
    kind.entries.clear()
    kind.intervalMs = Math.min(2 * kind.intervalMs, MAX_INTERVAL_MS)
  }
  const isOver = ({ lastMs }: Repeated) => elapsed() - lastMs >= 2 * INTERVAL_MS
  const isDue = (kind: Repeated) => elapsed() - kind.loggedMs >= kind.intervalMs

  const collapsing = loggerTo((level, message, fields) => {
    const { entry, exporter, host, service, code, cause, state, kind: own, gapMs = 0 } = fields
    const place = JSON.stringify([exporter, ...(exporter ? [] : [entry, host, service])])
    const stateKey = `${place} ${state}`
    const before = states.get(stateKey)
    if (state && before) before.outdated = true
    if (code === undefined && own === undefined) return log[level](message, fields)
    const common = JSON.stringify([level, place, code, cause])
    const key = keyOf(common, own)
    const isTold = state && code === undefined && before?.held === 0
    const nowMs = elapsed()
    let kind = kinds.get(key)
    if (kind && !isOver(kind) && !(isTold && kind.held === 0)) {
      Object.assign(kind, { message, fields, lastMs: nowMs, held: kind.held + 1, outdated: false })
      kind.gapsMs += gapMs
      if (entry !== undefined) kind.entries.add(String(entry))
      if (isDue(kind) || isTold) logHeld(kind)
    } else {
      if (kind) logHeld(kind)
      log[level](message, fields)
      const none = { held: 0, gapsMs: 0, entries: new Set<string>() }
      const times = { loggedMs: nowMs, lastMs: nowMs, intervalMs: INTERVAL_MS }
      kind = { ...times, ...none, outdated: false, level, message, fields }
      kinds.set(key, kind)
      keys.get(common)?.add(key)
    }
    if (state) states.set(stateKey, kind)
  })

  return {
    ...collapsing,
    logRepeats() {
      for (const [key, kind] of kinds) {
        if (isDue(kind) || isOver(kind)) logHeld(kind)
        if (isOver(kind)) kinds.delete(key)
      }
      for (const [common, of] of keys) {
        for (const key of of) if (!kinds.has(key)) of.delete(key)
        if (of.size === 0) keys.delete(common)
      }
    },
    startAnew() {
      for (const kind of kinds.values()) logHeld(kind)
      kinds.clear()
      keys.clear()
    },
    flush() {
      for (const kind of kinds.values()) {
        if (!kind.fields.state || kind.fields.gapMs !== undefined) logHeld(kind)
      }
    },
  }
}

/** The line that tells of the repeats that are held. */
function heldLine(kind: Repeated, nowMs: number): { message: string; fields: LogFields } {
  const { held, gapsMs, entries, loggedMs } = kind
  const isGap = kind.fields.gapMs !== undefined
  const message = isGap ? describeGaps(held, gapsMs) : kind.message
  const fields = isGap ? { ...kind.fields, gap_seconds: gapsMs / 1000 } : kind.fields
  const seconds = Math.round((nowMs - loggedMs) / 1000)
  const times = held === 1 ? 'once more' : `${held} times more`
  const names = { subscriptions: entries.size, entries: listed([...entries]) }
  const about = entries.size > 1 ? { ...fields, entry: undefined, ...names } : fields
  return {
    message: `${message} [${times} in the past ${seconds} s]`,
    fields: { ...about, repeats: held },
  }
}

/** Says nothing of the present: the connection may be lost again by now. */
function describeGaps(count: number, sumMs: number): string {
  return count === 1
    ? `a gap of ${duration(sumMs)}; messages of that time may be missing`
    : `${count} gaps of ${duration(sumMs)} in all; messages of those times may be missing`
}
