import type { Node } from 'jsonc-parser'
import { findCharacter } from '../characters.js'
import { checkHostname } from './check-hostname.js'
import { checkTopics, topicTexts } from './check-topics.js'
import type { InputEntry } from './entries.js'
import {
  type EntryRules,
  EVERY_ENTRY,
  Problem,
  type Property,
  type PropertyGuess,
  type ReadProperty,
} from './entry-rules.js'
import type { Findings } from './load-input.js'
import { type Member, members } from './parse-json.js'
import type { Redact } from './redact.js'

/** What the entries of a file are checked with. */
export type EntryContext = {
  readonly services: readonly EntryRules[]
  readonly meant: PropertyGuess
  readonly redact: Redact
  readonly problems: Findings
  readonly warnings: Findings
}

/** The result of checking one entry. */
export type CheckedEntry = {
  /** One for each topic; none where something was wrong, which then was reported. */
  readonly subscriptions: readonly InputEntry[]
  /** False: it is not to be streamed. */
  readonly enabled: boolean
  /** Undefined where it is no entry of one service. */
  readonly service?: EntryRules
}

const NOTHING: CheckedEntry = { subscriptions: [], enabled: true }

/**
 * Checks one entry.
 * @param place makes the place of the entry, when there is something to report
 */
export function checkEntry(
  name: string,
  node: Node,
  place: () => string,
  context: EntryContext,
): CheckedEntry {
  const { problems } = context
  const before = problems.count
  const check = new EntryCheck(node, place, context)
  const service = check.service()
  if (!service) return NOTHING
  check.names(service)
  const { key, enabled, topics, ...common } = check.values(service)
  const isSound = problems.count === before
  if (!isSound || !key) return { ...NOTHING, enabled }
  const subscriptions = topics.map((topic) => ({
    ...{ name, key, ...common },
    topic,
    label: check.hasTopics ? `${name}.${topic}` : name,
  }))
  return { subscriptions, enabled, service }
}

/** Looks at one entry, and reports what is wrong with it. */
class EntryCheck {
  readonly #node: Node
  readonly #place: () => string
  readonly #context: EntryContext
  readonly #properties: readonly Member[]
  readonly #values: ReadonlyMap<string, Node>
  /** Known properties that were found under another name. They are not reported as missing, too. */
  readonly #misnamed = new Set<string>()

  constructor(node: Node, place: () => string, context: EntryContext) {
    this.#node = node
    this.#place = place
    this.#context = context
    this.#properties = node.type === 'object' ? members(node) : []
    this.#values = new Map(this.#properties.map((one) => [one.name, one.value]))
  }

  /** Whether it has a list of topics. */
  get hasTopics(): boolean {
    return this.#values.has('topics')
  }

  /** The service of the entry; undefined where it is no entry, or one of two services. */
  service(): EntryRules | undefined {
    const { services, meant, redact } = this.#context
    if (this.#node.type !== 'object') {
      const all = [...(services[0]?.properties ?? []), ...EVERY_ENTRY]
      const needed = all.filter(({ required }) => required).map(({ name }) => `"${name}"`)
      const got = redact.value(this.#node)
      return this.#fail('', `expected an object with ${needed.join(' and ')}; got ${got}`)
    }
    const isOwn = ({ name, value }: Member) => value.type !== 'object' || meant.isKnown(name)
    if (this.#properties.length > 0 && !this.#properties.some(isOwn)) {
      return this.#fail('', 'holds objects, not an entry; put its entries into "customers" itself')
    }
    const seen = new Set<string>()
    for (const { name } of this.#properties) {
      if (seen.has(name) && meant.isKnown(name)) {
        this.#fail(`.${name}`, 'is there twice; expected it once')
      }
      seen.add(name)
    }
    const [first, second] = services.map((each) => credentialsOf(each, this.#values))
    if (first !== undefined && second !== undefined) {
      const why = `has credentials of two services, "${first}" and "${second}"`
      return this.#fail('', `${why}; expected those of one: make an entry for each`)
    }
    return serviceOf(this.#values, services)
  }

  /** Reports properties of another service, and names that there are not. */
  names(service: EntryRules): void {
    const { services, meant, redact, problems, warnings } = this.#context
    for (const { name } of this.#properties) {
      const other = services.find((each) => each !== service && hasProperty(each, name))
      if (!other) continue
      const what = `is a property of ${other.name}, and the entry has credentials of ${service.name}`
      this.#warn(`.${name}`, `${what}; it is ignored`)
    }
    for (const [at, { name }] of this.#properties.entries()) {
      const guess = meant.guess(name)
      if (!guess) continue
      const { rule, isSure } = guess
      const isThere = this.#values.has(rule.name) || (rule.name === 'topic' && this.hasTopics)
      const isError = !isThere && (isSure || rule.required)
      if (isError) this.#misnamed.add(rule.name)
      const findings = isError ? problems : warnings
      findings.add(() => {
        const step = redact.step(name, 'property', at + 1)
        const ignored = isError ? '' : ', and it is ignored'
        return `${this.#place()}${step}: there is no such property${ignored}; ${hintFor(name, rule.name)}`
      })
    }
  }

  /** Reads the properties of the service, and those of every entry. */
  values(service: EntryRules) {
    const { services, redact } = this.#context
    const read: ReadProperty = (name, check) => this.#read(name, check)
    const { key, username, client } = service.credentials(read, topicTexts(this.#values))
    const topics = this.#misnamed.has('topics')
      ? []
      : checkTopics(this.#values, read, { service, services, show: (one) => redact.value(one) })
    const hostname = read('hostname', (property) => checkHostname(property, service, redact))
    const enabled = read('enabled', checkEnabled) ?? true
    return { key, username, ...(client && { client }), topics, hostname, enabled }
  }

  #read<T>(name: string, check: (property: Property) => T): T | undefined {
    if (this.#misnamed.has(name)) return undefined
    const value = this.#values.get(name)
    const { meant, redact } = this.#context
    if (!value && this.#values.has(`${name}_file`) && meant.isSecret(name)) {
      return this.#fail(
        `.${name}_file`,
        `there is no such property; put the value into "${name}" itself, and give the file mode 600`,
      )
    }
    try {
      return check({
        text: value?.type === 'string' ? String(value.value) : undefined,
        kind: value && kindOf(value),
        flag: typeof value?.value === 'boolean' ? value.value : undefined,
        list: value && listOf(value),
        show: () => (value ? redact.value(value) : 'nothing'),
        warn: (text) => this.#warn(`.${name}`, text),
      })
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      return this.#fail(`.${name}`, error.message)
    }
  }

  #fail(at: string, text: string): undefined {
    this.#context.problems.add(() => `${this.#place()}${at}: ${text}`)
  }

  #warn(at: string, text: string): void {
    this.#context.warnings.add(() => `${this.#place()}${at}: ${text}`)
  }
}

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
