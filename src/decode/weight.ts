import type { MessagePlan, Step } from './plan.js'
import { WIRE, type WireReader } from './wire-reader.js'

const KIB = 1024
const MIB = 1024 * KIB

/** Smaller frames are not weighed: the worst of them makes a record of some megabytes. */
const LIGHT_FRAME = 128 * KIB

/** A record may weigh 8 MiB, and 16 times its frame: real frames make up to 11 times theirs. */
const limitFor = (frame: number) => Math.min(8 * MIB + 16 * frame, 512 * MIB)

/** About what the parts of a record take in memory and as text. */
const OBJECT_WEIGHT = 64
const VALUE_WEIGHT = 16
const ELEMENT_WEIGHT = 32

/**
 * Refuses a large frame whose record would be many times its size: an empty message in a list has two bytes
 * on the wire, and more than thirty times that as an object. One such frame could end the program for
 * want of memory.
 * @throws StreamError `frame-undecodable`
 */
export function checkWeight(wire: WireReader, plan: MessagePlan): void {
  const { pos, end } = wire
  const size = wire.bytes.length
  if (size <= LIGHT_FRAME) return
  const weight = weigh(wire, plan, 0)
  if (weight > limitFor(size)) {
    const mib = (bytes: number) => `${(bytes / MIB).toFixed(1)} MiB`
    wire.reject(`its record would take about ${mib(weight)}, too much for a frame of ${mib(size)}`)
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
    if (step?.form === 'scalar') {
      const start = wire.pos
      wire.skip(tag)
      weight += wire.pos - start + (step.repeated ? ELEMENT_WEIGHT : VALUE_WEIGHT + step.key.length)
    } else if (step !== undefined) weight += weighParts(wire, step, tag)
    else if (tag === group * 8 + WIRE.groupEnd) break
    else wire.skip(tag)
  }
  return weight
}

/** What is no scalar. */
function weighParts(wire: WireReader, step: Step, tag: number): number {
  if (step.message?.wellKnown === 'Any' && step.form === 'message') {
    // What it holds is not read here. So many bytes weigh this at most.
    const start = wire.take()
    return (wire.pos - start) * ELEMENT_WEIGHT
  }
  if (step.form === 'message' || step.form === 'map') {
    const outerEnd = wire.limit()
    wire.enter()
    const weight = weigh(wire, step.message, 0)
    wire.leave()
    wire.end = outerEnd
    return weight
  }
  if (step.form === 'group') {
    wire.enter()
    const weight = weigh(wire, step.message, step.number)
    wire.leave()
    return weight
  }
  const start = wire.pos
  wire.skip(tag)
  // Of a packed list or a MessageSet, every byte may be a value.
  return (wire.pos - start) * ELEMENT_WEIGHT
}
