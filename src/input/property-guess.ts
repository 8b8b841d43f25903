import { closest } from '../text.js'
import { withoutLookalikes } from './characters.js'
import type { EntryRules, PropertyRule } from './check-entry.js'

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

/** What an unknown property was meant to be. */
export type Guess = {
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
    // A name such as "_hostname" is how people take a property out of use.
    if (name.length > 40 || /^[_#/-]/.test(name)) return undefined
    const plain = withoutLookalikes(name).trim()
    const near = closest(plain, [...this.#rules.keys()])
    // "name" is a part of "username", but a word of its own.
    const isNear = near !== undefined && Math.abs(near.length - plain.length) <= 2
    const sure = isNear ? this.#rules.get(near) : undefined
    if (sure) return { rule: sure, isSure: true }
    const other = [...this.#rules.values()].find(({ otherNames }) =>
      otherNames.includes(plain.toLowerCase()),
    )
    return other && { rule: other, isSure: false }
  }
}
