import { createHash } from 'node:crypto'
import type { StreamMessage } from '../classic/message.js'

/**
 * What repeats are told by: the SHA-256 of entry, topic and frame. Two collectors with the same input
 * file give a frame the same id. Two entries never do, even where a frame is the same.
 */
export function messageId({ customer, topic, frame }: StreamMessage): string {
  return createHash('sha256')
    .update(JSON.stringify([customer, topic]))
    .update(frame)
    .digest('base64url')
}
