import type { Status } from '../connection/status.js'
import type { CustomerEntry } from '../input/entries.js'
import type { LogFields } from '../log.js'
import { serviceOf } from '../stream-record.js'
import { listed } from '../text.js'
import { describeStatus, duration, type StatusLine } from './log-status.js'
import { countOf } from './snapshot.js'

/** A subscription and its last status that was more than an attempt. */
export type Known = { entry: CustomerEntry; status: Status }

/** The gaps of those that came back since the cluster was whole, milliseconds. */
export type Gaps = { readonly shortest: number; readonly longest: number; readonly count: number }

/** What is known of a cluster. */
export type Cluster = { readonly all: readonly Known[]; readonly gaps: Gaps | undefined }

/** A host that serves both services counts as two clusters. */
export function clusterOf({ entry }: Known): string {
  return `${serviceOf(entry.topic)} ${entry.host.authority}`
}

/**
 * Which event the status of a subscription belongs to. A refusal says which key or topic it is about, so
 * the message tells two events apart; other trouble is that of the whole cluster.
 */
export function eventOf(known: Known): string {
  const { type } = known.status
  const cause = 'cause' in known.status ? known.status.cause : undefined
  if (type === 'ended' && !cause) return type
  return JSON.stringify([
    clusterOf(known),
    type,
    type === 'retrying' ? cause?.code : cause?.message,
  ])
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
  const isAlone = subjects.length === 1 && (cluster.gaps?.count ?? 0) <= 1
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
  const [{ status, entry }] = subjects
  const { all, gaps } = cluster
  const many = `${subjects.length} subscriptions`
  const open = countOf(all, 'open')
  const names = listed(subjects.map((each) => each.entry.label))
  // All of them need no names.
  const which = subjects.length === all.length ? '' : `: ${names}`
  switch (status.type) {
    case 'open':
      return status.reconnects === 0 || !gaps
        ? `${entry.host.authority} is connected: ${open} of ${all.length} subscriptions open`
        : `${entry.host.authority} answers again: ${open} of ${all.length} subscriptions open, gap ${duration(gaps.shortest)} to ${duration(gaps.longest)}; messages of that time may be missing`
    case 'retrying':
      return `${status.cause.message}; ${subjects.length} of ${all.length} subscriptions are trying again${which}`
    case 'refused':
      return `${status.cause.message}; ${many} are refused${status.delayMs === undefined ? '' : ' and tried again every 10 min'}: ${names}`
    case 'ended':
      return status.cause ? `ended: ${status.cause.message}; ${many}: ${names}` : `${many} ended`
    case 'connecting':
      return `${many} are connecting`
  }
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
  // All are back: that is a line of its own, not a repeat of "some are back".
  const code = `${isWhole(cluster) ? 'all-' : ''}${status.reconnects > 0 ? 're' : ''}connected`
  return { ...where, subscriptions: countOf(cluster.all, 'open'), ...longest, code }
}
