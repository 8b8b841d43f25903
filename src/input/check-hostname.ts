import { findCharacter } from '../characters.js'
import { StreamError } from '../errors.js'
import { type Host, parseHost } from '../net/host.js'
import { printable } from '../text.js'
import { type EntryRules, Problem, type Property } from './entry-rules.js'
import type { Redact } from './redact.js'

const HOST_LIKE = 'expected a host such as "internal-ui.central.arubanetworks.com"'
const MAX_LENGTH = 100

/**
 * Reads the `hostname` of an entry of a service.
 * @throws Problem where it is no host
 */
export function checkHostname(
  { text, kind, show, warn }: Property,
  service: EntryRules,
  redact: Redact,
): Host | undefined {
  if (kind === undefined) return undefined
  if (text === undefined) throw new Problem(`${HOST_LIKE}; got ${show()}`)
  if (redact.hides(text) || text.length > MAX_LENGTH) {
    throw new Problem(`${HOST_LIKE}; got ${text.length} characters that may be a key (not shown)`)
  }
  const odd = findCharacter(text.trim())
  if (odd) throw new Problem(`holds ${odd}; ${HOST_LIKE}`)
  try {
    const host = parseHost(text)
    const doubt = service.doubt(host)
    if (doubt !== undefined) warn(doubt)
    return host
  } catch (error) {
    if (error instanceof StreamError) throw new Problem(printable(error.message))
    throw error
  }
}
