import type * as classic from './classic/record.js'
import * as classicTopics from './classic/topics.js'
import type * as newCentral from './newcentral/record.js'
import * as newCentralTopics from './newcentral/topics.js'

/** A topic of either service. */
export type AnyTopic = classicTopics.Topic | newCentralTopics.Topic

/** The topics of both services. A topic's name tells which of them it is of. */
export const ALL_TOPICS: readonly AnyTopic[] = [...classicTopics.TOPICS, ...newCentralTopics.TOPICS]

/** The services, as labels name them. */
export type ServiceName = 'classic' | 'newcentral'

export function serviceOf(topic: AnyTopic): ServiceName {
  return classicTopics.isTopic(topic) ? 'classic' : 'newcentral'
}

/** Whether a text is a topic of either service. */
export function isAnyTopic(text: string): text is AnyTopic {
  return classicTopics.isTopic(text) || newCentralTopics.isTopic(text)
}

/** One record of either service, as printed. */
export type AnyRecord = classic.StreamRecord | newCentral.EventRecord

/**
 * The record of a topic of either service, with the fields of its payload; without a topic a union over all
 * of them, which `topic` tells apart. It describes the shipped schema. A newer sender can have more fields,
 * and `--proto_dir` other ones.
 */
export type StreamRecordOf<T extends AnyTopic = AnyTopic> = T extends classicTopics.Topic
  ? classic.ClassicRecordOf<T>
  : T extends newCentralTopics.Topic
    ? newCentral.EventRecordOf<T>
    : never
