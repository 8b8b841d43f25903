import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream'
import { StreamError } from '../errors.js'
import type { AnyTopic } from '../service.js'
import {
  isJetStreamMissing,
  type NatsLibrary,
  type NatsTarget,
  natsErrorText,
} from './nats-client.js'
import type { OutputContext } from './output.js'

/** Longer than the server's default of 2 minutes: a collector that was restarted sends again. */
const DUPLICATE_WINDOW_MS = 600_000
/** Without a limit, the stream would grow until the disk is full. */
const MAX_AGE_MS = 7 * 86_400_000
const NANOS_PER_MS = 1_000_000

/** A stream that takes what is published. */
type NatsStream = {
  readonly name: string
  /** How long it knows repeats, milliseconds. */
  readonly duplicateWindowMs: number
  /** Whether it refuses new messages while it is full, in place of removing old ones. */
  readonly refusesWhenFull: boolean
}

type FoundStreams = {
  readonly streams: readonly NatsStream[]
  /** What an operator should know of them, each a sentence. */
  readonly remarks: readonly string[]
}

/**
 * Finds the stream that takes the subjects of the topics, and makes it where the target names one.
 * Where it is uncertain which topics will come, one that is taken is enough.
 * @throws StreamError that can be retried, with the command that fixes it: somebody may make the stream at
 *   any time
 */
export async function findStreams(
  { jetstream }: NatsLibrary,
  manager: JetStreamManager,
  { prefix, stream }: NatsTarget,
  { topics, topicsUncertain, env }: Pick<OutputContext, 'topics' | 'topicsUncertain' | 'env'>,
): Promise<FoundStreams> {
  const found = new Map<string, StreamInfo>()
  const untaken: AnyTopic[] = []
  const remarks: string[] = []
  try {
    if (stream !== undefined) await makeStream(jetstream, manager, stream, prefix)
    for (const topic of topics) {
      const subject = `${prefix}.${topic}.*`
      const names = await manager.streams.names(subject).next()
      if (stream !== undefined && !names.includes(stream)) throw otherSubjects(stream, prefix)
      for (const name of names) found.set(name, await manager.streams.info(name))
      if (names.length === 0) {
        untaken.push(topic)
        if (!topicsUncertain || untaken.length === topics.length) throw noStream(prefix, topic)
      } else if (!names.some((name) => takesAll(found.get(name), subject))) {
        remarks.push(
          `no JetStream stream takes all of ${subject}: ${names.join(', ')} takes a part`,
        )
      }
    }
  } catch (error) {
    throw translate(error, env)
  }
  const infos = [...found.values()]
  for (const { config } of infos) if (config.no_ack) throw acknowledgesNothing(config.name)
  for (const { config, state } of infos) {
    if (config.retention !== jetstream.RetentionPolicy.Interest || state.consumer_count > 0)
      continue
    remarks.push(
      `the stream ${config.name} keeps messages only for its consumers (interest), and has none: ` +
        'what is published now is dropped; make the consumer first, or a stream with limits',
    )
  }
  if (untaken.length > 0) {
    const subjects = untaken.map((topic) => `${prefix}.${topic}.*`).join(', ')
    remarks.push(`no JetStream stream takes ${subjects}; such messages would wait for one`)
  }
  const streams = infos.map(({ config }) => ({
    name: config.name,
    duplicateWindowMs: config.duplicate_window / NANOS_PER_MS,
    refusesWhenFull: config.discard === jetstream.DiscardPolicy.New,
  }))
  return { streams, remarks }
}

/** Whether one of the stream's subjects covers this one; in both, `*` stands for one token. */
function takesAll(info: StreamInfo | undefined, subject: string): boolean {
  const tokens = subject.split('.')
  return (info?.config.subjects ?? []).some((pattern) => {
    const parts = pattern.split('.')
    const rest = parts.indexOf('>')
    const compared = rest === -1 ? parts : parts.slice(0, rest)
    const enough = rest === -1 ? parts.length === tokens.length : tokens.length > rest
    return enough && compared.every((part, at) => part === '*' || part === tokens[at])
  })
}

/** Makes the stream unless it exists. Several programs that make it at the same time make one. */
async function makeStream(
  jetstream: NatsLibrary['jetstream'],
  manager: JetStreamManager,
  name: string,
  prefix: string,
): Promise<void> {
  const isThere = () => hasStream(jetstream, manager, name)
  if (await isThere()) return
  try {
    await manager.streams.add({
      name,
      subjects: [`${prefix}.>`],
      storage: jetstream.StorageType.File,
      duplicate_window: DUPLICATE_WINDOW_MS * NANOS_PER_MS,
      max_age: MAX_AGE_MS * NANOS_PER_MS,
    })
  } catch (error) {
    // Another program was first: the server may say that the subjects belong to another stream, this one.
    if (await isThere()) return
    const [other] = await manager.streams.names(`${prefix}.>`).next()
    throw other === undefined ? error : overlap(name, prefix, other)
  }
}

async function hasStream(
  { JetStreamApiError, JetStreamApiCodes }: NatsLibrary['jetstream'],
  manager: JetStreamManager,
  name: string,
): Promise<boolean> {
  try {
    await manager.streams.info(name)
    return true
  } catch (error) {
    const missing =
      error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound
    if (!missing) throw error
    return false
  }
}

function noStream(prefix: string, topic: AnyTopic): StreamError {
  const name = prefix.toUpperCase().replaceAll('.', '_')
  return refused(
    'missing',
    `no JetStream stream takes ${prefix}.${topic}.*; make one with: nats stream add ${name} ` +
      `--subjects "${prefix}.>" --storage file --dupe-window 10m --max-age 7d --defaults ` +
      `(or add ?stream=${name} to the address, and it is made so)`,
  )
}

function otherSubjects(name: string, prefix: string): StreamError {
  return refused(
    'subjects',
    `the JetStream stream ${name} is there but does not take ${prefix}.>; ` +
      `add that to its subjects with: nats stream edit ${name} --subjects …, or name another`,
  )
}

function overlap(name: string, prefix: string, other: string): StreamError {
  return refused(
    'overlap',
    `the JetStream stream ${name} cannot be made: its subjects ${prefix}.> overlap with those of ` +
      `${other}; use ?stream=${other}, or another prefix`,
  )
}

function acknowledgesNothing(name: string): StreamError {
  return refused(
    'no-ack',
    `the JetStream stream ${name} has no_ack: it acknowledges nothing, so nothing counts as ` +
      `delivered; allow it with: nats stream edit ${name} --ack`,
  )
}

/** @param kind each kind is logged once; the retry log knows it by this code */
function refused(kind: string, message: string): StreamError {
  return new StreamError('output-refused', message, { cause: { code: `stream ${kind}` } })
}

function translate(error: unknown, env: OutputContext['env']): StreamError {
  if (error instanceof StreamError) return error
  if (isJetStreamMissing(error)) {
    const why =
      'the NATS server has no JetStream for this login; start it with -js, or enable it there'
    return refused('jetstream', why)
  }
  const said = natsErrorText(error, { env })
  return new StreamError('unavailable', `asking JetStream for its streams failed: ${said}`)
}
