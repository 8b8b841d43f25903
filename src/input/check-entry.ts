import type { Node } from 'jsonc-parser'
import { StreamError } from '../errors.js'
import { type Host, parseHost } from '../net/host.js'
import type { AnyTopic } from '../service.js'
import { printable } from '../text.js'
import { findCharacter } from './characters.js'
import { checkTopics, topicTexts } from './check-topics.js'
import type { InputEntry } from './entries.js'
import type { Findings } from './load-input.js'
import { members } from './parse-json.js'
import { EVERY_ENTRY, type PropertyGuess } from './property-guess.js'
import type { Redact } from './redact.js'

/** The rules for the entries of one of Central's services; the service's folder has them. */
export type EntryRules = {
  /** The service, for messages. */
  readonly name: string
  /** Besides those that every entry may have. */
  readonly properties: readonly PropertyRule[]
  readonly topics: readonly AnyTopic[]
  /** What the topics are called in places other than the file. */
  readonly otherTopicNames: ReadonlyMap<string, AnyTopic>
  /**
   * Reads the credentials. What is wrong with one is reported by `read`.
   * @param topics what the entry asks for, right or wrong
   */
  credentials(read: ReadProperty, topics: readonly string[]): Credentials
}

export type PropertyRule = {
  readonly name: string
  readonly required: boolean
  /** Its value is never shown. */
  readonly secret: boolean
  /** Other names that people give it. */
  readonly otherNames: readonly string[]
}

/** Undefined where something was wrong, which then was reported. */
export type Credentials = Pick<InputEntry, 'username' | 'client'> & {
  readonly key: InputEntry['key'] | undefined
}

/** @param check throws Problem where the value is wrong */
export type ReadProperty = <T>(name: string, check: (property: Property) => T) => T | undefined

/** What an entry has under one name. */
export type Property = {
  /** Undefined where there is none, or no string. */
  readonly text: string | undefined
  /** `true` or `false`; undefined where there is none, or something else. */
  readonly flag: boolean | undefined
  /** `a number`, `an object`; undefined where there is none. */
  readonly kind: string | undefined
  /** The elements of a list; undefined where there is none, or an element is no string. */
  readonly list: readonly string[] | undefined
  /** The value as a message may show it. */
  show(): string
  warn(text: string): void
}

/** What is wrong with a property. The message follows the place of the property. */
export class Problem extends Error {}

/** What the entries of a file are checked with. */
type EntryContext = {
  readonly services: readonly EntryRules[]
  readonly meant: PropertyGuess
  readonly redact: Redact
  readonly problems: Findings
  readonly warnings: Findings
}

const HOST_LIKE = 'expected a host such as "internal-ui.central.arubanetworks.com"'
const MAX_HOSTNAME_SHOWN = 100

/** The result of checking one entry. */
export type CheckedEntry = {
  /** One for each topic; none where something was wrong, which then was reported. */
  readonly subscriptions: readonly InputEntry[]
  /** False: it is not to be streamed. */
  readonly enabled: boolean
}

/**
 * Checks one entry.
 * @param place makes the place of the entry, when there is something to report
 */
export function checkEntry(
  name: string,
  node: Node,
  place: () => string,
  { services, meant, redact, problems, warnings }: EntryContext,
): CheckedEntry {
  const problemsBefore = problems.count
  const fail = (at: string, text: string) => problems.add(() => `${place()}${at}: ${text}`)
  if (node.type !== 'object') {
    const needed = [...(services[0]?.properties ?? []), ...EVERY_ENTRY].filter(
      (one) => one.required,
    )
    const names = needed.map((one) => `"${one.name}"`).join(' and ')
    fail('', `expected an object with ${names}; got ${redact.value(node)}`)
    return NOTHING
  }
  const values = new Map<string, Node>()
  const all = members(node)
  const own = all.filter((one) => one.value.type !== 'object' || meant.isKnown(one.name))
  if (all.length > 0 && own.length === 0) {
    fail('', 'holds objects, not an entry; put its entries into "customers" itself')
    return NOTHING
  }
  for (const { name: property, value } of all) {
    if (values.has(property) && meant.isKnown(property)) {
      fail(`.${property}`, 'is there twice; expected it once')
    }
    values.set(property, value)
  }
  const service = serviceOf(values, services)
  const [first, second] = services.map((each) => credentialsOf(each, values))
  if (first !== undefined && second !== undefined) {
    fail(
      '',
      `has credentials of two services, "${first}" and "${second}"; expected those of one: make an entry for each`,
    )
    return NOTHING
  }

  for (const { name: property } of all) {
    const other = services.find((each) => each !== service && hasProperty(each, property))
    if (!other) continue
    const what = `is a property of ${other.name}, and the entry has credentials of ${service.name}`
    warnings.add(() => `${place()}.${property}: ${what}; it is ignored`)
  }
  /** Known properties that were found under another name. They are not reported as missing, too. */
  const misnamed = new Set<string>()
  const hasTopics = values.has('topics')
  for (const [at, { name: property }] of all.entries()) {
    const guess = meant.guess(property)
    if (!guess) continue
    const isMissing = !values.has(guess.rule.name) && !(guess.rule.name === 'topic' && hasTopics)
    const isError = isMissing && (guess.isSure || guess.rule.required)
    if (isError) misnamed.add(guess.rule.name)
    const findings = isError ? problems : warnings
    findings.add(() => {
      const step = redact.step(property, 'property', at + 1)
      const ignored = isError ? '' : ', and it is ignored'
      return `${place()}${step}: there is no such property${ignored}; ${hintFor(property, guess.rule.name)}`
    })
  }

  const read: ReadProperty = (property, check) => {
    const value = values.get(property)
    if (misnamed.has(property)) return undefined
    try {
      return check({
        text: value?.type === 'string' ? String(value.value) : undefined,
        kind: value && kindOf(value),
        flag: typeof value?.value === 'boolean' ? value.value : undefined,
        list: value && listOf(value),
        show: () => (value ? redact.value(value) : 'nothing'),
        warn: (text) => warnings.add(() => `${place()}.${property}: ${text}`),
      })
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      fail(`.${property}`, error.message)
      return undefined
    }
  }
  const { key, username, client } = service.credentials(read, topicTexts(values))
  const topics = misnamed.has('topics')
    ? []
    : checkTopics(values, read, { service, services, show: (one) => redact.value(one) })
  const hostname = read('hostname', (property) => checkHostname(property, redact))
  const enabled = read('enabled', checkEnabled) ?? true
  const isSound = problems.count === problemsBefore
  if (!isSound || !key) return { ...NOTHING, enabled }
  const common = { name, username, key, hostname, ...(client && { client }) }
  const subscriptions = topics.map((topic) => ({
    ...common,
    topic,
    label: hasTopics ? `${name}.${topic}` : name,
  }))
  return { subscriptions, enabled }
}

const NOTHING: CheckedEntry = { subscriptions: [], enabled: true }

function hasProperty({ properties }: EntryRules, property: string): boolean {
  return properties.some(({ name }) => name === property)
}

/** Its credentials say which service an entry is of; where it has none, its topic or what else it has. */
function serviceOf(values: ReadonlyMap<string, Node>, services: readonly EntryRules[]): EntryRules {
  const texts = topicTexts(values)
  const service =
    services.find((each) => credentialsOf(each, values) !== undefined) ??
    services.find(({ topics }) => topics.some((each) => texts.includes(each))) ??
    services.find((each) => each.properties.some((one) => values.has(one.name))) ??
    services[0]
  if (!service) throw new Error('no rules for entries')
  return service
}

/** The first credential of a service that an entry has. */
function credentialsOf(
  { properties }: EntryRules,
  values: ReadonlyMap<string, Node>,
): string | undefined {
  return properties.find(({ name, required }) => required && values.has(name))?.name
}

function listOf({ type, children = [] }: Node): readonly string[] | undefined {
  if (type !== 'array' || children.some((child) => child.type !== 'string')) return undefined
  return children.map((child) => String(child.value))
}

function checkHostname({ text, kind, show }: Property, redact: Redact): Host | undefined {
  if (kind === undefined) return undefined
  if (text === undefined) throw new Problem(`${HOST_LIKE}; got ${show()}`)
  if (redact.hides(text) || text.length > MAX_HOSTNAME_SHOWN) {
    throw new Problem(`${HOST_LIKE}; got ${text.length} characters that may be a key (not shown)`)
  }
  const odd = findCharacter(text.trim())
  if (odd) throw new Problem(`holds ${odd}; ${HOST_LIKE}`)
  try {
    return parseHost(text)
  } catch (error) {
    if (error instanceof StreamError) throw new Problem(printable(error.message))
    throw error
  }
}

function checkEnabled({ flag, kind, show }: Property): boolean {
  if (kind === undefined) return true
  if (flag === undefined) throw new Problem(`expected true or false; got ${show()}`)
  return flag
}

function kindOf({ type }: Node): string {
  if (type === 'null') return 'null'
  return `${/^[ao]/.test(type) ? 'an' : 'a'} ${type}`
}

function hintFor(property: string, meant: string): string {
  const odd = findCharacter(property)
  return `${odd ? `its name holds ${odd}; ` : ''}did you mean "${meant}"?`
}
