import type { MessagePlan, Step } from './plan.js'
import { WIRE, type WireReader } from './wire-reader.js'

/** Smaller frames are not weighed: the worst of them makes a record of some megabytes. */
const LIGHT_FRAME = 128 * 1024

/** A record may weigh this much, and this many times its frame. */
const BASE_LIMIT = 8 * 2 ** 20
const LIMIT_PER_BYTE = 8

/** What an object and a single value take in memory, about; in bytes, as all weights are. */
const OBJECT_WEIGHT = 64
const VALUE_WEIGHT = 16

/**
 * Refuses a large frame that would make a record many times its size: an empty message in a list takes two
 * bytes on the wire and more than thirty times that as an object. Without this, one such frame could end
 * the program for want of memory.
 * @throws StreamError `frame-undecodable`
 */
export function checkWeight(wire: WireReader, plan: MessagePlan): void {
  const { pos, end } = wire
  const size = wire.bytes.length
  if (size <= LIGHT_FRAME) return
  const weight = weigh(wire, plan, 0)
  if (weight > BASE_LIMIT + LIMIT_PER_BYTE * size) {
    const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1)
    wire.reject(`its record would take about ${mib(weight)} MiB, too much for ${mib(size)} MiB`)
  }
  wire.pos = pos
  wire.end = end
}

function weigh(wire: WireReader, plan: MessagePlan, group: number): number {
  const { steps } = plan.compiled
  let weight = OBJECT_WEIGHT
  while (wire.pos < wire.end) {
    const tag = wire.tag()
    const step = steps[tag]
    if (step !== undefined) weight += weighValue(wire, step, tag)
    else if (tag === group * 8 + WIRE.groupEnd) break
    else wire.skip(tag)
  }
  return weight
}

function weighValue(wire: WireReader, step: Step, tag: number): number {
  const key = step.repeated ? 0 : step.key.length
  if (step.form === 'message' || step.form === 'map') {
    const outerEnd = wire.limit()
    wire.enter()
    const weight = weigh(wire, step.message, 0)
    wire.leave()
    wire.end = outerEnd
    return key + weight
  }
  if (step.form === 'group') {
    wire.enter()
    const weight = weigh(wire, step.message, step.number)
    wire.leave()
    return key + weight
  }
  const start = wire.pos
  wire.skip(tag)
  const size = wire.pos - start
  // Of a packed list or a MessageSet, every byte may be a value.
  return step.form === 'scalar' ? key + VALUE_WEIGHT + size : VALUE_WEIGHT * size
}
