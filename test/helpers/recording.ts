import { TOPICS } from '../../src/classic/topics.js'
import { TOPICS as NEW_CENTRAL_TOPICS } from '../../src/newcentral/topics.js'
import { ClassicTraffic, NewCentralTraffic } from '../../src/simulator/traffic.js'

/** A recording of the simulator's traffic: so many messages of each topic of both services. */
export function trafficRecording(
  count: number,
  { start = Date.UTC(2026, 10, 25, 17, 58), stepMs = 5000 } = {},
): string {
  let now = start
  const options = { customerId: 'c'.repeat(32), clock: { now: () => now }, seed: 1 }
  const classic = new ClassicTraffic(options)
  const newCentral = new NewCentralTraffic(options)
  const lines: string[] = []
  const add = (customer: string, topic: string, frame: Uint8Array) => {
    const received = new Date(now).toISOString()
    const bytes = Buffer.from(frame).toString('base64')
    lines.push(`${JSON.stringify({ received, customer, topic, frame: bytes })}\n`)
  }
  for (let n = 0; n < count; n++, now += stepMs) {
    for (const topic of TOPICS) add('Campus', topic, classic.next(topic))
    for (const topic of NEW_CENTRAL_TOPICS) add('Branches', topic, newCentral.next(topic))
  }
  return lines.join('')
}
