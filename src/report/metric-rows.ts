import type { EntrySnapshot, OutputSnapshot } from './snapshot.js'
import { abnormalSilence } from './trouble.js'

export type Row<Of> = {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  /** Undefined: no sample. */
  readonly value: (of: Of) => number | undefined
}

const isState = (type: string) => (entry: EntrySnapshot) => Number(entry.status.type === type)

export const DELAY = {
  name: 'aruba_stream_delay_seconds',
  help: 'From the timestamp of a message until its receipt; one message of each batch counts.',
  labelName: 'topic',
}
export const EXPORT = {
  name: 'aruba_stream_export_seconds',
  help: 'From the receipt of a message until it was delivered; one of each delivery counts.',
  labelName: 'exporter',
}

/** For each entry, with labels `customer` and `topic`. */
export const ENTRY_ROWS: readonly Row<EntrySnapshot>[] = [
  {
    name: 'aruba_stream_up',
    help: 'Whether the connection of the subscription is open.',
    type: 'gauge',
    value: isState('open'),
  },
  {
    name: 'aruba_stream_refused',
    help: 'Whether Central refuses the subscription: its key or API client, its topic or its host name.',
    type: 'gauge',
    value: isState('refused'),
  },
  {
    name: 'aruba_stream_silent',
    help: 'Whether the subscription is open but silent for longer than is usual for its topic.',
    type: 'gauge',
    value: (entry) => Number(abnormalSilence(entry) !== undefined),
  },
  {
    name: 'aruba_stream_messages_total',
    help: 'Messages received and decoded.',
    type: 'counter',
    value: ({ messages }) => messages,
  },
  {
    name: 'aruba_stream_undecodable_total',
    help: 'Frames received that could not be decoded.',
    type: 'counter',
    value: ({ undecodable }) => undecodable,
  },
  {
    name: 'aruba_stream_filtered_total',
    help: 'Messages of which the transform let nothing go on.',
    type: 'counter',
    value: ({ filtered }) => filtered,
  },
  {
    name: 'aruba_stream_schema_drift_total',
    help: 'Fields and enum values received that the schema does not know.',
    type: 'counter',
    value: ({ unknownFields }) => unknownFields,
  },
  {
    name: 'aruba_stream_repeats_total',
    help: 'Events of New Central that came again and were dropped.',
    type: 'counter',
    value: ({ status }) => status.repeats,
  },
  {
    name: 'aruba_stream_skipped_text_frames_total',
    help: 'Text frames of New Central, which mean nothing and are skipped.',
    type: 'counter',
    value: ({ skippedTexts }) => skippedTexts,
  },
  {
    name: 'aruba_stream_received_bytes_total',
    help: 'Bytes of the frames received.',
    type: 'counter',
    value: ({ status }) => status.bytes,
  },
  {
    name: 'aruba_stream_last_message_timestamp_seconds',
    help: 'Time of the last frame, seconds since the epoch.',
    type: 'gauge',
    value: ({ status }) =>
      status.lastFrameAt === undefined ? undefined : status.lastFrameAt / 1000,
  },
  {
    name: 'aruba_stream_reconnects_total',
    help: 'Connections opened after an earlier one was lost.',
    type: 'counter',
    value: ({ status }) => status.reconnects,
  },
  {
    name: 'aruba_stream_gap_seconds_total',
    help: 'Seconds without a connection; a gap is added when it ends.',
    type: 'counter',
    value: ({ status }) => status.gapMs / 1000,
  },
  {
    name: 'aruba_stream_key_age_seconds',
    help: 'Seconds since Central made the key. Central renews keys every 7 days.',
    type: 'gauge',
    value: ({ service, credentialAge }) => (service === 'classic' ? credentialAge : undefined),
  },
  {
    name: 'aruba_stream_token_age_seconds',
    help: 'Seconds since the token of the API client was issued.',
    type: 'gauge',
    value: ({ service, credentialAge }) => (service === 'newcentral' ? credentialAge : undefined),
  },
]

/** For each output, with label `exporter`. */
export const OUTPUT_ROWS: readonly Row<OutputSnapshot>[] = [
  {
    name: 'aruba_stream_export_up',
    help: 'Whether the output takes messages; 0 while what it does fails.',
    type: 'gauge',
    value: ({ state }) => Number(state.up),
  },
  {
    name: 'aruba_stream_exported_total',
    help: 'Messages delivered by the output.',
    type: 'counter',
    value: ({ counters }) => counters.delivered,
  },
  {
    name: 'aruba_stream_export_retries_total',
    help: 'Messages of deliveries that the output tried again; each try counts.',
    type: 'counter',
    value: ({ counters }) => counters.retried,
  },
  {
    name: 'aruba_stream_export_given_up_total',
    help: 'Messages that the output gave up, those in the dead letter included.',
    type: 'counter',
    value: ({ counters }) => counters.givenUp,
  },
  {
    name: 'aruba_stream_export_kept_total',
    help: 'Messages that the output gave up and that are kept in the dead letter.',
    type: 'counter',
    value: ({ counters }) => counters.kept,
  },
  {
    name: 'aruba_stream_export_waiting',
    help: 'Messages that wait in the output.',
    type: 'gauge',
    value: ({ counters }) => counters.waiting,
  },
]
