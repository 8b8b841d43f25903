import { withoutLookalikes } from '../characters.js'
import type { Host } from '../net/host.js'
import type { AnyTopic } from '../service.js'
import { closest } from '../text.js'
import type { InputEntry } from './entries.js'

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
  /** Why a host is probably not of this service, a sentence about it; undefined where it may be. */
  doubt(host: Host): string | undefined
}

type PropertyRule = {
  readonly name: string
  readonly required: boolean
  /** Its value is never shown. */
  readonly secret: boolean
  /** Other names that people give it. */
  readonly otherNames: readonly string[]
}

/** Undefined where something was wrong, which then was reported. */
type Credentials = Pick<InputEntry, 'username' | 'client'> & {
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

/** What stands for a variable in shells and templates. */
const VARIABLE = /^\$\{.*\}$|^\$\w+$|^%\w+%$/

/** @throws Problem where the value is the name of a variable, which nobody would replace */
export function requireNoVariable(text: string, what: string): void {
  if (!VARIABLE.test(text)) return
  throw new Problem(
    `is the name of a variable, and variables are not replaced; the input file holds the ${what} itself: give the file mode 600`,
  )
}

/** Properties that the entries of every service have. */
export const EVERY_ENTRY: readonly PropertyRule[] = [
  { name: 'topic', required: true, secret: false, otherNames: [] },
  { name: 'topics', required: false, secret: false, otherNames: [] },
  {
    name: 'hostname',
    required: false,
    secret: false,
    otherNames: ['host', 'base_url', 'baseurl', 'base-url', 'url', 'server', 'cluster'],
  },
  { name: 'enabled', required: false, secret: false, otherNames: ['disabled', 'active'] },
]

/** The known name that this one is with a typing error. Undefined for another word, even where it is like one. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  // A name such as "_hostname" is how people take a property out of use.
  if (name.length > 40 || /^[_#/-]/.test(name)) return undefined
  const plain = plainName(name)
  const near = closest(plain, known)
  // "name" is a part of "username", but a word of its own.
  return near !== undefined && Math.abs(near.length - plain.length) <= 2 ? near : undefined
}

const plainName = (name: string) => withoutLookalikes(name).trim()

/** What an unknown property was meant to be. */
type Guess = {
  readonly rule: PropertyRule
  /** Whether it is a typing error, and not another word for the property. */
  readonly isSure: boolean
}

/** Tells which known property an unknown one was meant to be. */
export class PropertyGuess {
  readonly #rules: ReadonlyMap<string, PropertyRule>
  /** Most entries of a file have the same properties. */
  readonly #guesses = new Map<string, Guess | undefined>()

  constructor(services: readonly EntryRules[]) {
    const rules = [...services.flatMap(({ properties }) => properties), ...EVERY_ENTRY]
    this.#rules = new Map(rules.map((rule) => [rule.name, rule]))
  }

  isKnown(name: string): boolean {
    return this.#rules.has(name)
  }

  /** Whether what stands there is meant to be a secret. */
  isSecret(name: string): boolean {
    const rule = this.#rules.get(name) ?? this.guess(name)?.rule
    return rule?.secret === true
  }

  /** Undefined for a known property, and for one that is like none. */
  guess(name: string): Guess | undefined {
    if (this.isKnown(name)) return undefined
    if (!this.#guesses.has(name)) this.#guesses.set(name, this.#look(name))
    return this.#guesses.get(name)
  }

  #look(name: string): Guess | undefined {
    const sure = this.#rules.get(nearest(name, [...this.#rules.keys()]) ?? '')
    if (sure) return { rule: sure, isSure: true }
    const word = plainName(name).toLowerCase()
    const other = [...this.#rules.values()].find(({ otherNames }) => otherNames.includes(word))
    return other && { rule: other, isSure: false }
  }
}
