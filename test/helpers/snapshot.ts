import type { Status } from '../../src/connection/status.js'
import type { EntrySnapshot, Snapshot } from '../../src/report/snapshot.js'

export const NOW = Date.parse('2026-01-02T03:04:05Z')

export const PROGRESS = {
  frames: 0,
  bytes: 0,
  lastFrameAt: undefined,
  reconnects: 0,
  gapMs: 0,
} as const

export const OPEN: Status = { ...PROGRESS, type: 'open', since: NOW, gapMsBefore: 0 }

/** An entry that is open since `NOW` and has got nothing, but for what is given. */
export function entry(name: string, over: Partial<EntrySnapshot> = {}): EntrySnapshot {
  return {
    name,
    topic: 'monitoring',
    status: OPEN,
    messages: 0,
    undecodable: 0,
    drifts: 0,
    keyAge: undefined,
    ...over,
  }
}

export function snapshotOf(
  entries: readonly EntrySnapshot[],
  exporters: Snapshot['exporters'] = [],
): Snapshot {
  return { entries, exporters, startedAt: NOW }
}
