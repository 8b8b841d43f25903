import { isTopic } from '../classic/topics.js'
import { TOPIC_FACTS } from '../newcentral/topics.js'
import type { AnyRecord, AnyTopic } from '../stream-record.js'
import { exampleOf } from './topic-example.js'
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
