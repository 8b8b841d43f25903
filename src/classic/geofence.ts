import type { MessagePlan } from '../decode/plan.js'
import type { WireReader } from '../decode/wire-reader.js'

/**
 * Tells geofence notices from positions, which both come on `location`. Nothing in the envelope does, but
 * the wire types of fields 1 to 3 differ.
 */
export class GeofenceNotices {
  readonly #notice: MessagePlan
  /** Tags of fields 1 to 3, and whether a notice has them. */
  readonly #tags: ReadonlyMap<number, boolean>

  constructor(location: MessagePlan, notice: MessagePlan) {
    const tags = new Map<number, boolean>()
    for (let tag = 8; tag < 32; tag++) {
      const inNotice = notice.compiled.steps[tag] !== undefined
      if (inNotice !== (location.compiled.steps[tag] !== undefined)) tags.set(tag, inNotice)
    }
    this.#notice = notice
    this.#tags = tags
  }

  /** The plan of a notice if the payload that the reader is at the beginning of is one. */
  planFor(wire: WireReader): MessagePlan | undefined {
    const { pos } = wire
    let isNotice: boolean | undefined
    // The first field decides, as a rule: fields come in the order of their numbers.
    while (isNotice === undefined && wire.pos < wire.end) {
      const tag = wire.tag()
      isNotice = this.#tags.get(tag)
      if (isNotice === undefined) wire.skip(tag)
    }
    wire.pos = pos
    return isNotice ? this.#notice : undefined
  }
}
