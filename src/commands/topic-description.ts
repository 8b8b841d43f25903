import { createDecoders as createClassicDecoders } from '../classic/record.js'
import { isTopic } from '../classic/topics.js'
import { createDecoders as createNewCentralDecoders } from '../newcentral/record.js'
import { TOPIC_FACTS } from '../newcentral/topics.js'
import { joinDecoders } from '../pipeline/services.js'
import type { AnyRecord, AnyTopic } from '../service.js'
import { QUIET } from '../simulator/feed.js'
import { withDefaults } from '../simulator/settings.js'
import { classicTraffic, newCentralTraffic } from '../simulator/traffic.js'
import { CLASSIC_FACTS, FACTS, NEW_CENTRAL_FACTS, type ServiceFacts } from './topic-facts.js'
import { type FieldGroup, fieldsOf, type TopicField } from './topic-fields.js'

/** What there is to say of a topic, without its fields. */
export type TopicSummary = {
  readonly topic: AnyTopic
  readonly service: ServiceFacts
  readonly about: string
  readonly cadence: string
  /** Of New Central: where it is streamed. */
  readonly path: string | undefined
}

/** All that is known of a topic; command and document show it. */
export type TopicDescription = TopicSummary & {
  readonly groups: readonly FieldGroup[]
  /** A record of the simulator. */
  readonly example: AnyRecord
}

export function summaryOf(topic: AnyTopic): TopicSummary {
  const { about, cadence } = FACTS[topic]
  const classic = isTopic(topic)
  return {
    topic,
    service: classic ? CLASSIC_FACTS : NEW_CENTRAL_FACTS,
    about,
    cadence,
    path: classic ? undefined : TOPIC_FACTS[topic].path,
  }
}

export function describeTopic(topic: AnyTopic): TopicDescription {
  return { ...summaryOf(topic), groups: fieldsOf(topic), example: exampleOf(topic) }
}

/** The path of a field in a record, as `jq` has it after a dot. */
export function pathOf({ path }: FieldGroup, { name }: TopicField): string {
  return path === '' ? name : `${path}.${name}`
}

/** For scripts. */
export function summaryJson({ topic, service, about, cadence, path }: TopicSummary): object {
  const { name, licence, credentials } = service
  return { topic, service: name, licence, credentials, about, cadence, ...(path && { path }) }
}

export function descriptionJson(description: TopicDescription): object {
  const { groups, example } = description
  const fields = groups.flatMap((group) =>
    group.fields.map((field) => ({
      field: pathOf(group, field),
      type: field.type,
      unit: field.unit ?? null,
      meaning: field.meaning,
      ...(field.values && { values: field.values }),
      ...(group.message && { message: group.message }),
    })),
  )
  return { ...summaryJson(description), fields, example }
}

/** The simulator derives its random numbers from the customer's id, so the example is always the same. */
const CUSTOMER_ID = '5001c7a9d04e4b1f8a3e62b1d9f0a7c3'
const START_MS = Date.UTC(2026, 0, 5, 9)
const STEP_MS = 60_000
/** The example is one of so many messages. */
const MESSAGES = 60

/** A record of the simulator, as `--readable` prints it: the shortest that shows what the topic is for. */
function exampleOf(topic: AnyTopic): AnyRecord {
  const { shows = '' } = FACTS[topic]
  let now = START_MS
  const clock = { now: () => now }
  const settings = withDefaults({})
  const next = isTopic(topic) ? classicTraffic(clock) : newCentralTraffic(clock, () => settings)
  const options = { protoDir: undefined, readable: true, log: QUIET }
  const decoder = joinDecoders({
    classic: createClassicDecoders(options),
    newCentral: createNewCentralDecoders(options),
  }).of({ name: `CustomerA_${topic}`, topic })
  const records = Array.from({ length: MESSAGES }, () => {
    now += STEP_MS
    const bytes = next(topic, CUSTOMER_ID)
    return decoder.decode({ bytes, receivedAt: now, text: false }, 'record').record
  })
  const [example] = records
    .map((record) => ({ record, text: JSON.stringify(record) }))
    .filter(({ text }) => text.includes(shows))
    .sort((a, b) => a.text.length - b.text.length)
  if (example === undefined) throw new RangeError(`no message of ${topic} shows ${shows}`)
  return example.record
}
