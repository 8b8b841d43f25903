import type { Node } from 'jsonc-parser'
import { isTopic, TOPICS, type Topic } from '../classic/topics.js'
import { StreamError } from '../errors.js'
import { type Host, parseHost } from '../net/host.js'
import { headerFault } from '../net/http.js'
import { Secret } from '../secret.js'
import { closest } from '../suggest.js'
import { printable } from '../text.js'
import type { Discreet } from './discreet.js'
import type { InputEntry } from './entries.js'
import { members } from './parse-json.js'

/** What `input.example.json` has in place of a key. */
const EXAMPLE_KEY = /^paste the key\b/i
const MAX_HOSTNAME_SHOWN = 100

/** What the topics are called in places other than the file. */
const OTHER_NAMES: ReadonlyMap<string, Topic> = new Map([
  ['rapids', 'security'],
  ['wids', 'security'],
])

const PROPERTIES = ['wsskey', 'topic', 'username', 'hostname'] as const
type Property = (typeof PROPERTIES)[number]

/** Collects what is wrong, each with its place. */
export type Report = (place: string, problem: string) => void

/**
 * Reads one entry.
 * @param place makes the place of the entry, where there is something to report
 * @returns undefined where something was wrong, which then was reported
 */
export function checkEntry(
  name: string,
  node: Node,
  place: () => string,
  report: Report,
  show: Discreet,
): InputEntry | undefined {
  if (node.type !== 'object') {
    report(place(), `expected an object with "wsskey" and "topic"; got ${show.value(node)}`)
    return undefined
  }
  const values = new Map<string, Node>()
  let sound = true
  const fail = (property: Property, problem: string) => {
    sound = false
    report(`${place()}.${property}`, problem)
  }
  for (const { name: property, value } of members(node)) {
    const known = PROPERTIES.find((each) => each === property)
    if (known && values.has(known)) fail(known, 'stands there twice; expected it once')
    values.set(property, value)
  }
  const read = <T>(
    property: Property,
    check: (node: Node | undefined, show: Discreet) => T,
  ): T | undefined => {
    try {
      return check(values.get(property), show)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      fail(property, error.message)
      return undefined
    }
  }
  const key = read('wsskey', checkKey)
  const topic = read('topic', checkTopic)
  const username = read('username', checkUsername)
  const hostname = read('hostname', checkHostname)
  return sound && key && topic ? { name, topic, username, key, hostname } : undefined
}

/** Thrown by the checks below; the message fits behind the place. */
class Problem extends Error {}

function checkKey(node: Node | undefined): Secret {
  const wanted = "expected the key from Central's Streaming page"
  if (!node) throw new Problem(`is missing; ${wanted}`)
  if (node.type !== 'string') throw new Problem(`${wanted}, a string; got ${kind(node)}`)
  const key: string = node.value
  if (key.trim() === '') throw new Problem(`is empty; ${wanted}`)
  if (EXAMPLE_KEY.test(key)) {
    throw new Problem(`still holds the text of the example; paste the key from Central there`)
  }
  const fault = headerFault(key)
  if (fault) throw new Problem(`holds ${fault}, which an HTTP header cannot carry; ${wanted}`)
  if (key.trim() !== key) {
    throw new Problem('begins or ends with a blank; expected the key without blanks around it')
  }
  return new Secret(key)
}

function checkTopic(node: Node | undefined, show: Discreet): Topic {
  const wanted = `expected one of ${TOPICS.join(', ')}`
  if (!node) throw new Problem(`is missing; ${wanted}`)
  if (node.value === '') throw new Problem(`is empty; ${wanted}`)
  const text = node.type === 'string' ? String(node.value) : ''
  if (isTopic(text)) return text
  const meant = meantTopic(text.trim().toLowerCase())
  throw new Problem(
    `${wanted}; got ${show.value(node)}${meant === undefined ? '' : ` (did you mean "${meant}"?)`}`,
  )
}

/** The topic that was meant, where that is beyond much doubt. */
function meantTopic(text: string): Topic | undefined {
  const meant = OTHER_NAMES.get(text) ?? closest(text, TOPICS)
  return meant !== undefined && isTopic(meant) ? meant : undefined
}

function checkUsername(node: Node | undefined, show: Discreet): string | undefined {
  if (!node || node.value === '') return undefined
  const wanted = 'expected the user name of the Central account, or no such property'
  if (node.type !== 'string') throw new Problem(`${wanted}; got ${show.value(node)}`)
  const fault = headerFault(node.value)
  if (fault) throw new Problem(`holds ${fault}, which an HTTP header cannot carry; ${wanted}`)
  return node.value
}

function checkHostname(node: Node | undefined, show: Discreet): Host | undefined {
  if (!node) return undefined
  const wanted = 'expected a host such as "internal-ui.central.arubanetworks.com"'
  if (node.type !== 'string') throw new Problem(`${wanted}; got ${show.value(node)}`)
  const text: string = node.value
  if (show.hides(text) || text.length > MAX_HOSTNAME_SHOWN) {
    throw new Problem(`${wanted}; got ${text.length} characters that may be a key (not shown)`)
  }
  try {
    return parseHost(text)
  } catch (error) {
    if (error instanceof StreamError) throw new Problem(printable(error.message))
    throw error
  }
}

function kind(node: Node): string {
  if (node.type === 'null') return 'null'
  return `${/^[ao]/.test(node.type) ? 'an' : 'a'} ${node.type}`
}
