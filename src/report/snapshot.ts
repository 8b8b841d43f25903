import type { Status } from '../connection/status.js'
import type { Histogram } from '../delivery/histogram.js'
import type { Hold } from '../delivery/hold.js'
import type { OutputState } from '../delivery/retries.js'
import { type OutputCounters, TRANSFORM } from '../outputs/output.js'
import type { Received } from '../pipeline/streams.js'
import type { AnyTopic, ServiceName } from '../service.js'
import { formatCount } from '../text.js'

/** One entry as it stands now. */
export type EntrySnapshot = {
  /** Its name in the input file. */
  readonly name: string
  readonly topic: AnyTopic
  /** Name and topic in one word. */
  readonly label: string
  /** The cluster. */
  readonly host: string
  readonly service: ServiceName
  readonly status: Status
  /** Messages decoded. */
  readonly messages: number
  /** Frames that could not be decoded, text frames included. */
  readonly undecodable: number
  /** Messages of which the transform let nothing go on; undefined where there is none. */
  readonly filtered?: number | undefined
  /** Fields and enum values that the schema does not know. */
  readonly unknownFields: number
  /** Text frames that mean nothing to the service. */
  readonly skippedTexts: number
  /** Seconds since the credential was issued; undefined where that is not known. */
  readonly credentialAge: number | undefined
  /** How long after its timestamp the last message came, milliseconds. */
  readonly delayMs?: number | undefined
  /** Frames are being processed: what follows them may wait to be read, so silence means nothing. */
  readonly held?: boolean
}

export type OutputSnapshot = {
  readonly name: string
  /**
   * The TYPE with its options, as a command line has them; of stdout, the option that prints. What may be secret is
   * masked.
   */
  readonly type?: string
  readonly counters: OutputCounters
  readonly state: OutputState
  /** From the receipt of a message until it was delivered. */
  readonly times?: Histogram
}

/** The whole program as it stands now. Table, log, metrics and health show this and nothing else. */
export type Snapshot = {
  readonly entries: readonly EntrySnapshot[]
  readonly outputs: readonly OutputSnapshot[]
  /** What streams may have to wait for: each output, the recording and the dead letter. */
  readonly holds?: readonly (Pick<Hold, 'name' | 'heldMs'> & Partial<Pick<Hold, 'ofEntry'>>)[]
  /** By topic: from the timestamp of a message until its receipt. */
  readonly delays?: ReadonlyMap<AnyTopic, Histogram>
  /** Received by entries that a reload has removed or changed, which `entries` no longer counts. */
  readonly earlier?: Received | undefined
  /** The file of `--dead_letter`, which keeps messages that an output gave up. */
  readonly deadLetterFile?: string | undefined
  /** What `replay` needs to make the same records of them. */
  readonly replayOptions?: readonly string[] | undefined
  /** Milliseconds since the program started; changes of the machine's clock do not count. */
  readonly upMs: number
}

/** Up to so many subscriptions each have lines of their own. */
export const FEW = 6

/** Why an entry is not open, if a failure is the reason. */
export function causeOf({ status }: EntrySnapshot) {
  return 'cause' in status ? status.cause : undefined
}

/** The state of an entry and the code of its failure: `retrying: unreachable`. */
export function describeState(entry: EntrySnapshot): string {
  const { status } = entry
  const code = causeOf(entry)?.code
  return code === undefined || code === status.type ? status.type : `${status.type}: ${code}`
}

/** The types of a status, in the order in which they are reported. */
export const STATUS_TYPES: readonly Status['type'][] = [
  'open',
  'connecting',
  'retrying',
  'refused',
  'ended',
]

/** How many of them have a status of this type. */
export function countOf(all: readonly { readonly status: Status }[], type: Status['type']): number {
  return all.filter(({ status }) => status.type === type).length
}

export function sumOf<T>(all: readonly T[], value: (one: T) => number): number {
  return all.reduce((sum, one) => sum + value(one), 0)
}

/** How long ago the last frame of any of them came, milliseconds; undefined where none has come. */
export function frameAgeOf(entries: readonly EntrySnapshot[]): number | undefined {
  const ages = entries.flatMap(({ status }) => status.frameAgeMs ?? [])
  return ages.length === 0 ? undefined : Math.min(...ages)
}

/** `4 open, 1 retrying` */
export function describeStates(entries: readonly EntrySnapshot[]): string {
  return STATUS_TYPES.map((type) => ({ type, count: countOf(entries, type) }))
    .filter(({ count }) => count > 0)
    .map(({ type, count }) => `${count} ${type}`)
    .join(', ')
}

/** `5 subscriptions: 4 open, 1 retrying` */
export function describeEntries(entries: readonly EntrySnapshot[]): string {
  const total =
    entries.length === 1 ? '1 subscription' : `${formatCount(entries.length)} subscriptions`
  return entries.length === 0 ? total : `${total}: ${describeStates(entries)}`
}

/** The outputs, and the transform where it has failed. */
export function outputsOf({ outputs }: Snapshot): readonly OutputSnapshot[] {
  return outputs.filter(({ name, counters }) => name !== TRANSFORM || counters.givenUp > 0)
}

/** Where the messages are that an output gave up: `51 kept in d5.ndjson`, `3 lost`. */
export function describeUndelivered(
  { counters: { givenUp, kept } }: OutputSnapshot,
  deadLetterFile: string | undefined,
): string[] {
  return [
    givenUp > kept ? `${formatCount(givenUp - kept)} lost` : '',
    kept > 0 ? `${formatCount(kept)} kept in ${deadLetterFile}` : '',
  ].filter(Boolean)
}
