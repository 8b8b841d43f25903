import type { Secret } from '../secret.js'
import { firstLine } from '../text.js'

/** The first line of what a server said, fit for a message; a key that it quotes is masked. */
export function said(text: string, key: Secret): string {
  return firstLine(text.replaceAll(key.reveal(), '****'))
}
