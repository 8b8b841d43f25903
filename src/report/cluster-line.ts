import type { Status } from '../connection/status.js'
import type { CustomerEntry } from '../input/entries.js'
import type { LogFields } from '../log.js'
import { serviceOf } from '../service.js'
import { listed } from '../text.js'
import { countOf } from './snapshot.js'
import { describeStatus, duration, type StatusLine } from './status-line.js'

/** A subscription and its last status that was more than an attempt. */
export type Known = { entry: CustomerEntry; status: Status }

/** The gaps of those that came back since the cluster was whole, milliseconds. */
export type Gaps = { readonly shortest: number; readonly longest: number; readonly count: number }

/** What is known of a cluster. */
type Cluster = {
  /** Its host, with the service where the host serves both. */
  readonly name: string
  readonly all: readonly Known[]
  readonly gaps: Gaps | undefined
  /** Whether its last count was not of all. */
  readonly counted: boolean
}

/** A host that serves both services counts as two clusters. */
export function clusterOf({ entry }: Known): string {
  return `${serviceOf(entry.topic)} ${entry.host.authority}`
}

/** Whether no subscription of a cluster is without a connection for a while. */
export function isWhole({ all }: Cluster): boolean {
  return all.every(({ status }) => status.type !== 'retrying' && status.type !== 'connecting')
}

/** The line for subscriptions that are in one state for one reason. */
export function describeEvent(
  subjects: readonly [Known, ...Known[]],
  cluster: Cluster,
): StatusLine {
  const [{ status, entry }] = subjects
  const isAlone = subjects.length === 1 && (cluster.gaps?.count ?? 0) <= 1 && !cluster.counted
  if (isAlone && (status.type !== 'open' || isWhole(cluster))) {
    const line = describeStatus(status)
    return { ...line, fields: { ...line.fields, entry: entry.label } }
  }
  const { level, fields } = describeStatus(status)
  return {
    level,
    message: eventMessage(subjects, cluster),
    fields: { ...fields, ...eventFields(subjects, cluster) },
  }
}

function eventMessage(subjects: readonly [Known, ...Known[]], cluster: Cluster): string {
  const [{ status }] = subjects
  const { all, gaps } = cluster
  const [many, are] =
    subjects.length === 1 ? ['1 subscription', 'is'] : [`${subjects.length} subscriptions`, 'are']
  const open = countOf(all, 'open')
  const names = listed(subjects.map((each) => each.entry.label))
  // All of them need no names.
  const which = subjects.length === all.length ? '' : `: ${names}`
  switch (status.type) {
    case 'open':
      return status.reconnects === 0 || !gaps
        ? `${cluster.name} is connected: ${open} of ${all.length} subscriptions open${others(all)}`
        : `${cluster.name} answers again: ${open} of ${all.length} subscriptions open${others(all)}; gap ${lengths(gaps)}; messages of that time may be missing`
    case 'retrying':
      return `${status.cause.message}; ${subjects.length} of ${all.length} subscriptions ${are} trying again${which}`
    case 'refused':
      return `${status.cause.message}; ${many} ${are} refused${status.delayMs === undefined ? '' : ' and tried again every 10 min, or at once on SIGHUP'}: ${names}`
    case 'ended':
      return status.cause ? `ended: ${status.cause.message}; ${many}: ${names}` : `${many} ended`
    case 'connecting':
      return `${many} ${are} connecting`
  }
}

/** `, 63 are trying again, 4 are refused` */
function others(all: readonly Known[]): string {
  const say = (type: 'retrying' | 'refused', what: string) => {
    const count = countOf(all, type)
    return count === 0 ? '' : `, ${count} ${count === 1 ? 'is' : 'are'} ${what}`
  }
  return say('retrying', 'trying again') + say('refused', 'refused')
}

function lengths({ shortest, longest }: Gaps): string {
  const [from, to] = [duration(shortest), duration(longest)]
  return from === to ? from : `${from} to ${to}`
}

/** With a code, a line is a repeat of an earlier one that has the same, and may be held back. */
function codeOf({ reconnects }: Extract<Status, { type: 'open' }>, cluster: Cluster) {
  // No more come back: that is a line of its own, not a repeat of "some are back".
  if (isWhole(cluster)) return reconnects > 0 ? 'cluster-reconnected' : undefined
  return reconnects > 0 ? 'reconnected' : 'connected'
}

function eventFields(subjects: readonly [Known, ...Known[]], cluster: Cluster): LogFields {
  const [{ status, entry }] = subjects
  const subscriptions = subjects.length
  if (status.type === 'ended' && !status.cause) return { subscriptions }
  const service = serviceOf(entry.topic)
  // One host may serve both.
  const where = {
    host: entry.host.authority,
    service: service === 'classic' ? undefined : service,
  }
  if (status.type !== 'open') return { ...where, subscriptions }
  const longest = cluster.gaps && { gap_seconds: cluster.gaps.longest / 1000 }
  return {
    ...where,
    subscriptions: countOf(cluster.all, 'open'),
    ...longest,
    // Until all are back, the next line tells of the same gap.
    gapMs: isWhole(cluster) ? cluster.gaps?.longest : undefined,
    code: codeOf(status, cluster),
  }
}
