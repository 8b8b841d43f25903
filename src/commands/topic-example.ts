import { createDecoders as createClassicDecoders } from '../classic/record.js'
import { isTopic } from '../classic/topics.js'
import { createDecoders as createNewCentralDecoders } from '../newcentral/record.js'
import { joinDecoders } from '../pipeline/services.js'
import { classicTraffic } from '../simulator/classic/traffic.js'
import { QUIET } from '../simulator/feed.js'
import { withDefaults } from '../simulator/newcentral/settings.js'
import { newCentralTraffic } from '../simulator/newcentral/traffic.js'
import type { AnyRecord, AnyTopic } from '../stream-record.js'
import { FACTS } from './topic-facts.js'

/** The simulator derives its random numbers from the customer's id, so the example is always the same. */
const CUSTOMER_ID = '5001c7a9d04e4b1f8a3e62b1d9f0a7c3'
const START_MS = Date.UTC(2026, 0, 5, 9)
const STEP_MS = 60_000
/** The example is one of so many messages. */
const MESSAGES = 60

/** A record of the simulator, as `--readable` prints it: the shortest that shows what the topic is for. */
export function exampleOf(topic: AnyTopic): AnyRecord {
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
