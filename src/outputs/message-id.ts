import { createHash } from 'node:crypto'
import type { StreamMessage } from '../service.js'

/**
 * What repeats are told by: the SHA-256 of entry, topic and frame; for New Central, source and id of the
 * event stand in place of the frame. Two collectors with the same input file give a frame the same id.
 * Two entries never do, even where a frame is the same. The second and further records that a transform
 * makes of one frame get `.2`, `.3` behind the id.
 */
export function messageId(message: StreamMessage): string {
  const { customer, topic, frame, identity, part } = message
  const hash = createHash('sha256')
    .update(JSON.stringify([customer, topic]))
    .update(identity ?? frame)
    .digest('base64url')
  return part > 1 ? `${hash}.${part}` : hash
}
