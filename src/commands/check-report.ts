import { lifeText } from '../newcentral/token-request.js'
import { type Cell, type Colour, type Column, layOut, paint } from '../report/table-layout.js'
import { listed, printable, printableJson } from '../text.js'
import type { CheckResult, KeyDays, KeyState, TopicState } from './check-entries.js'

/** Where the file has problems, there are no results. */
export type CheckReport = {
  /** What is wrong with the input file. */
  readonly problems: readonly string[]
  readonly results: readonly CheckResult[]
  /** Labels of the entries that are disabled; Central is not asked about them. */
  readonly disabled?: readonly string[]
  /** What is allowed but unwise, such as a mode that lets others read the file. */
  readonly warnings: readonly string[]
  /** A signal came before everything was checked. */
  readonly interrupted: boolean
}

const COLUMNS: readonly Column[] = [
  { title: 'ENTRY', align: 'left', shrinkTo: 12, rank: 0 },
  { title: 'HOST', align: 'left', shrinkTo: 12, rank: 4 },
  { title: 'TOPIC', align: 'left', rank: 3 },
  { title: 'CREDENTIAL', align: 'left', rank: 1 },
  { title: 'AGE', align: 'left', rank: 5 },
  { title: 'SUBSCRIPTION', align: 'left', rank: 2 },
]

const KEY_COLOURS: Readonly<Record<KeyState, Colour>> = {
  accepted: 'green',
  renewed: 'green',
  refused: 'red',
  unknown: 'yellow',
}
const TOPIC_COLOURS: Readonly<Record<TopicState, Colour>> = {
  subscribed: 'green',
  refused: 'red',
  unknown: 'yellow',
}

/**
 * The findings for people: a table, then one line for each fault that says what to do, then the
 * verdict. Without `columns`, as in a pipe, nothing is cut.
 */
export function formatCheck(
  report: CheckReport,
  { columns, colour }: { readonly columns: number | undefined; readonly colour: boolean },
): string {
  const { results, disabled = [], problems, warnings } = report
  const rows = results.map(cells)
  const width = columns === undefined ? Number.MAX_SAFE_INTEGER : Math.max(20, columns - 1)
  const table = rows.length === 0 ? [] : layOut(COLUMNS, rows, { width, colour })
  const notes = [
    ...problems.map((problem) => paint(printable(problem), 'red', colour)),
    ...warnings.map((warning) => `${paint('warning', 'yellow', colour)}: ${printable(warning)}`),
    ...(disabled.length > 0 ? [`disabled, and not asked about: ${listed(disabled)}`] : []),
    ...withoutHost(results),
    ...faultLines(results, colour),
    ...renewals(results),
    ...tokens(results),
  ]
  const sections = [table, notes, [verdict(report)]]
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

/** The findings for scripts: one JSON object. Keys do not occur in it. */
export function checkJson(report: CheckReport): string {
  const { results, disabled = [], problems, warnings, interrupted } = report
  const json = {
    ok: checkExitCode(report) === 0,
    ...(interrupted && { interrupted }),
    problems,
    warnings,
    ...(disabled.length > 0 && { disabled }),
    entries: results.map(({ entry, key, keyDays, tokenSeconds, topic, faults }) => ({
      customer: entry.name,
      topic: entry.topic,
      hostname: entry.host?.authority,
      key,
      ...(entry.client && { client_id: entry.client.id, token_seconds: tokenSeconds }),
      key_age_days: keyDays?.old,
      key_days_left: keyDays?.left,
      subscription: topic,
      faults: faults.map(({ code, message, status }) => ({ code, message, status })),
    })),
  }
  return `${printableJson(JSON.stringify(json, null, 2))}\n`
}

function cells({ entry, key, keyDays, tokenSeconds, topic }: CheckResult): Cell[] {
  return [
    { text: entry.name },
    { text: entry.host?.authority ?? '-' },
    { text: entry.topic },
    key ? { text: key, colour: KEY_COLOURS[key] } : { text: 'not asked', colour: 'dim' },
    {
      text: tokenSeconds === undefined ? showAge(keyDays) : `${lifeText(tokenSeconds * 1000)} left`,
    },
    topic ? { text: topic, colour: TOPIC_COLOURS[topic] } : { text: 'not asked', colour: 'dim' },
  ]
}

function showAge(days: KeyDays | undefined): string {
  if (!days) return '-'
  const old = `${days.old} ${days.old === 1 ? 'day' : 'days'}`
  return days.left > 0 ? `${old}, ${days.left} left` : `${old}, due`
}

/** The same fault of many entries, such as a name unknown to DNS, is one line. */
function faultLines(results: readonly CheckResult[], colour: boolean): string[] {
  const names = new Map<string, string[]>()
  for (const { entry, faults } of results) {
    for (const { message } of faults) {
      names.set(message, [...(names.get(message) ?? []), entry.label])
    }
  }
  return [...names].map(([message, [first = '', ...others]]) => {
    const more = others.length === 0 ? '' : ` and ${others.length} more`
    return `${paint(printable(first, 100), 'bold', colour)}${more}: ${printable(message)}`
  })
}

/** `--offline` allows them; streaming does not. */
function withoutHost(results: readonly CheckResult[]): string[] {
  const labels = results.flatMap(({ entry }) => (entry.host ? [] : entry.label))
  if (labels.length === 0) return []
  return [`no "hostname" in the file, so the program needs --hostname for: ${listed(labels)}`]
}

function renewals(results: readonly CheckResult[]): string[] {
  const renewed = results.filter(({ key }) => key === 'renewed')
  const { size } = new Set(renewed.map(({ entry }) => entry.name))
  if (size === 0) return []
  return [
    `Central holds newer keys for ${size} of the entries; the next run writes them to the file`,
  ]
}

/** One line for each API client that got a token. */
function tokens(results: readonly CheckResult[]): string[] {
  const clients = new Map<string, { seconds: number; subscriptions: number }>()
  for (const { entry, tokenSeconds: seconds } of results) {
    if (!entry.client || seconds === undefined) continue
    const { subscriptions = 0 } = clients.get(entry.client.id) ?? {}
    clients.set(entry.client.id, { seconds, subscriptions: subscriptions + 1 })
  }
  return [...clients].map(
    ([id, { seconds, subscriptions }]) =>
      `client id ${printable(id, 100)} got a token that is good for ${lifeText(seconds * 1000)}, for ${subscriptions} ${subscriptions === 1 ? 'subscription' : 'subscriptions'}`,
  )
}

function verdict(report: CheckReport): string {
  const { results, interrupted } = report
  const isRefused = results.some(({ faults }) => faults.some(({ exitCode }) => exitCode === 3))
  switch (checkExitCode(report)) {
    case 0:
      return results.every(({ topic }) => topic === undefined)
        ? 'The file is in order; Central was not asked.'
        : 'All in order.'
    case 1:
      if (interrupted) return 'Interrupted: not everything was checked.'
      return isRefused
        ? 'Central refuses some of it, and could not be asked about everything.'
        : 'Central could not be asked about everything.'
    case 2:
      return 'The input file is wrong.'
    case 3:
      return 'Central refuses some of it.'
  }
}

/**
 * The exit code of `check`: 2 where the file is wrong, 1 where not all of it could be checked, 3 where
 * Central refused any entry, 0 where all is in order.
 */
export function checkExitCode({
  problems,
  results,
  interrupted,
}: Pick<CheckReport, 'problems' | 'results' | 'interrupted'>): 0 | 1 | 2 | 3 {
  const codes = results.flatMap(({ faults }) => faults.map((fault) => fault.exitCode))
  if (problems.length > 0 || codes.includes(2)) return 2
  if (interrupted || codes.includes(1)) return 1
  return codes.includes(3) ? 3 : 0
}
