import type { JetStreamManager, StreamConfig } from '@nats-io/jetstream'
import { StreamError } from '../errors.js'
import type { AnyTopic } from '../stream-record.js'
import { isJetStreamMissing, type NatsLibrary, natsErrorText } from './nats-client.js'
import type { NatsTarget } from './nats-target.js'
import type { OutputContext } from './output.js'

/** Longer than the server's default of 2 minutes: a collector that was restarted sends again. */
const DUPLICATE_WINDOW_MS = 600_000
const NANOS_PER_MS = 1_000_000

/** A stream that takes what is published: its name, and how long it knows repeats, milliseconds. */
export type NatsStream = { readonly name: string; readonly duplicateWindowMs: number }

export type FoundStreams = {
  readonly streams: readonly NatsStream[]
  /** Topics that no stream takes; none unless it is uncertain which topics will come. */
  readonly untaken: readonly AnyTopic[]
}

/**
 * Finds the stream that takes the subjects of the topics, and makes it where the target names one.
 * Where it is uncertain which topics will come, one that is taken is enough.
 * @throws StreamError `exporter-unusable`, with the command that makes a stream where there is none
 */
export async function findStreams(
  { jetstream }: NatsLibrary,
  manager: JetStreamManager,
  { prefix, stream }: NatsTarget,
  { topics, topicsUncertain, env }: Pick<OutputContext, 'topics' | 'topicsUncertain' | 'env'>,
): Promise<FoundStreams> {
  const found = new Map<string, StreamConfig>()
  const untaken: AnyTopic[] = []
  const look = async (subject: string) => {
    const names = await manager.streams.names(subject).next()
    for (const name of names) found.set(name, (await manager.streams.info(name)).config)
    return names
  }
  try {
    if (stream !== undefined) await makeStream(jetstream, manager, stream, prefix)
    for (const topic of topics) {
      const names = await look(`${prefix}.${topic}.>`)
      if (stream !== undefined && !names.includes(stream)) throw otherSubjects(stream, prefix)
      if (names.length > 0) continue
      untaken.push(topic)
      if (!topicsUncertain || untaken.length === topics.length) throw noStream(prefix, topic)
    }
  } catch (error) {
    throw translate(error, env)
  }
  const streams = Array.from(found.values(), ({ name, duplicate_window }) => ({
    name,
    duplicateWindowMs: duplicate_window / NANOS_PER_MS,
  }))
  return { streams, untaken }
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
    })
  } catch (error) {
    // Another program was first: the server may say that the subjects belong to another stream, this one.
    if (!(await isThere())) throw error
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
  return new StreamError(
    'exporter-unusable',
    `no JetStream stream takes ${prefix}.${topic}.*; make one with: nats stream add ${name} ` +
      `--subjects "${prefix}.>" --storage file --dupe-window 10m --defaults ` +
      `(or add ?stream=${name} to the address, and it is made so)`,
  )
}

function otherSubjects(name: string, prefix: string): StreamError {
  return new StreamError(
    'exporter-unusable',
    `the JetStream stream ${name} is there but does not take ${prefix}.>; ` +
      `add that to its subjects with: nats stream edit ${name} --subjects …, or name another`,
  )
}

function translate(error: unknown, env: OutputContext['env']): StreamError {
  if (error instanceof StreamError) return error
  if (isJetStreamMissing(error)) {
    return new StreamError(
      'exporter-unusable',
      'the NATS server has no JetStream for this login; start it with -js, or enable it there',
    )
  }
  const said = natsErrorText(error, { env })
  return new StreamError('exporter-unusable', `asking JetStream for its streams failed: ${said}`)
}
