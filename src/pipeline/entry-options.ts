import { CLASSIC_ENTRIES } from '../classic/entry.js'
import { StreamError } from '../errors.js'
import { checkEntry } from '../input/check-entry.js'
import type { CustomerEntry } from '../input/entries.js'
import { Findings } from '../input/load-input.js'
import { parseJson } from '../input/parse-json.js'
import { EVERY_ENTRY, PropertyGuess } from '../input/property-guess.js'
import { redact } from '../input/redact.js'
import { NEW_CENTRAL_ENTRIES } from '../newcentral/entry.js'

const SERVICES = [CLASSIC_ENTRIES, NEW_CENTRAL_ENTRIES]
/** Not those that make several subscriptions of an entry, or none. */
const RULES = [...SERVICES.flatMap(({ properties }) => properties), ...EVERY_ENTRY].filter(
  ({ name }) => name !== 'topics' && name !== 'enabled',
)

/**
 * Checks options as an entry of the input file is checked.
 * @throws StreamError `input-invalid`; it shows no key
 */
export function entryOf(options: object): CustomerEntry {
  const given = new Map(Object.entries(options))
  const own = RULES.map(({ name }) => name).filter((name) => given.has(name))
  const text = JSON.stringify(Object.fromEntries(own.map((name) => [name, given.get(name)])))
  const { root, fault } = parseJson(text)
  if (!root) throw new StreamError('input-invalid', `options: ${fault}`)
  const secrets = RULES.filter(({ secret }) => secret).map(({ name }) => given.get(name))
  const problems = new Findings()
  const customer = given.get('customer') ?? given.get('topic')
  const { subscriptions } = checkEntry(String(customer), root, () => 'options', {
    services: SERVICES,
    meant: new PropertyGuess(SERVICES),
    redact: redact(secrets.filter((each) => typeof each === 'string')),
    problems,
    warnings: new Findings(),
  })
  const [entry] = subscriptions
  const host = entry?.hostname
  if (entry && host && problems.count === 0) return { ...entry, host }
  if (entry && !host) {
    problems.add(() => 'options.hostname: is missing; expected the base URL of Central')
  }
  const lines = problems.lines('problems')
  throw new StreamError('input-invalid', lines.join('; '), { problems: lines })
}
