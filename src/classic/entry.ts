import { findCharacter, findWrapping } from '../characters.js'
import { type EntryRules, Problem, type Property, requireNoVariable } from '../input/entry-rules.js'
import { arubaServiceOf } from '../net/host.js'
import { Secret } from '../secret.js'
import { maskTokens } from '../text.js'
import { TOPICS } from './topics.js'

const WANTED = "expected the key from Central's Streaming page"

/** A JWT. Central may change it. */
const KEY_FORM = /^[\w+/=-]+\.[\w+/=-]+\.[\w+/=-]+$/
/** Texts of examples, templates and documents. */
const EXAMPLES = [
  /^([x*?_.-])\1*$/i,
  /^<.*>$|^\{.*\}$/,
  /(?:^|[^a-z])(?:paste|your|insert|replace|change[ _-]?me|example|placeholder|wss[ _-]?key|here)(?:[^a-z]|$)/i,
]
/** RFC 9110, 5.5: Latin-1 without control characters. */
const NOT_IN_HEADERS = /[^\t\x20-\x7e\x80-\xff]/u

/** Entries of Classic Central: a key and, optionally, a user name. */
export const CLASSIC_ENTRIES: EntryRules = {
  name: 'Classic Central',
  properties: [
    {
      name: 'wsskey',
      required: true,
      secret: true,
      otherNames: ['key', 'token', 'wss', 'wss_token', 'api_key', 'streaming_key', 'secret'],
    },
    { name: 'username', required: false, secret: false, otherNames: ['user'] },
  ],
  topics: TOPICS,
  otherTopicNames: new Map([
    ['rapids', 'security'],
    ['wids', 'security'],
  ]),
  credentials: (read) => ({
    key: read('wsskey', checkKey),
    username: read('username', checkUsername),
  }),
  doubt(host) {
    if (arubaServiceOf(host) !== 'newcentral') return undefined
    return `${host.authority} looks like a base URL of New Central; expected the one on the Streaming page of Classic Central, such as "internal-ui.central.arubanetworks.com"`
  },
}

function checkKey({ text, kind, warn }: Property): Secret {
  if (kind === undefined) throw new Problem(`is missing; ${WANTED}`)
  if (text === undefined) throw new Problem(`${WANTED}, a string; got ${kind}`)
  requireKey(text)
  if (!KEY_FORM.test(text)) {
    warn('does not have the form of a key, three parts with dots between them; it is used as it is')
  }
  return new Secret(text)
}

/** Whether a text may stand in the input file as a key: what Central sends is written there. */
export function mayBeKey(text: string): boolean {
  try {
    requireKey(text)
    return true
  } catch {
    return false
  }
}

/** @throws Problem */
function requireKey(text: string): void {
  const plain = text.trim()
  if (plain === '') throw new Problem(`is empty; ${WANTED}`)
  requireNoVariable(plain, 'key')
  if (!KEY_FORM.test(plain) && EXAMPLES.some((example) => example.test(plain))) {
    throw new Problem('still holds the text of an example; paste the key from Central there')
  }
  if (/(?:\.\.|\u2026)$/.test(plain)) {
    throw new Problem('ends in dots, so a part of it is missing; paste the whole key from Central')
  }
  const wrapping = findWrapping(plain, 'key')
  if (wrapping !== undefined) throw new Problem(wrapping)
  const odd = findCharacter(text) ?? findCharacter(text, NOT_IN_HEADERS)
  if (odd) throw new Problem(`holds ${odd}, which no key has; ${WANTED}`)
  if (plain !== text) {
    throw new Problem('begins or ends with a blank; expected the key without blanks around it')
  }
}

function checkUsername({ text, kind, show }: Property): string | undefined {
  if (kind === undefined || text === '') return undefined
  const wanted = 'expected the user name of the Central account, or no such property'
  if (text === undefined) throw new Problem(`${wanted}; got ${show()}`)
  if (maskTokens(text) !== text) throw new Problem(`is a key (not shown); ${wanted}`)
  const lookalike = findCharacter(text)
  if (lookalike) throw new Problem(`holds ${lookalike}; ${wanted}`)
  const odd = findCharacter(text, NOT_IN_HEADERS)
  if (odd) throw new Problem(`holds ${odd}, which an HTTP header cannot carry; ${wanted}`)
  return text
}
