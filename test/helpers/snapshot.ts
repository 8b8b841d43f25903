import type { Status } from '../../src/connection/status.js'
import type { EntrySnapshot, Snapshot } from '../../src/report/snapshot.js'

export const NOW = Date.parse('2026-01-02T03:04:05Z')

export const PROGRESS = {
  frames: 0,
  repeats: 0,
  bytes: 0,
  lastFrameAt: undefined,
  frameAgeMs: undefined,
  reconnects: 0,
  gapMs: 0,
} as const

export const OPEN = {
  ...PROGRESS,
  type: 'open',
  since: NOW,
  openMs: 0,
  gapMsBefore: 0,
} as const satisfies Status

/** The state of an output that works. */
export const UP = { up: true, since: NOW, lastError: undefined }

/** An entry that was opened at `NOW` and has received nothing, with these changes. */
export function entry(name: string, over: Partial<EntrySnapshot> = {}): EntrySnapshot {
  return {
    name,
    topic: 'monitoring',
    label: name,
    host: 'central.example',
    service: 'classic',
    status: OPEN,
    messages: 0,
    undecodable: 0,
    unknownFields: 0,
    skippedTexts: 0,
    credentialAge: undefined,
    ...over,
  }
}

export function snapshotOf(
  entries: readonly EntrySnapshot[],
  outputs: Snapshot['outputs'] = [],
  over: Partial<Snapshot> = {},
): Snapshot {
  return { entries, outputs, upMs: 0, ...over }
}
