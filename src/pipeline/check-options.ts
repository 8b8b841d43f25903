import { StreamError } from '../errors.js'
import { closest, maskTokens, printable } from '../text.js'

/** What an option must be. `entry`: what an entry of the input file has, which has a check of its own. */
type OptionKind = 'string' | 'boolean' | 'function' | 'AbortSignal' | 'entry'

/** The options that there are. */
export type OptionKinds = Readonly<Record<string, OptionKind>>

/** An option may be `undefined`, which is as if it were not there. */
const WORDS: Readonly<Record<OptionKind, string>> = {
  string: 'a string',
  boolean: 'true or false',
  function: 'a function',
  AbortSignal: 'an AbortSignal',
  entry: 'a string',
}

/**
 * Checks the options of a function of the library: their names, and what each of them is. No text shows a
 * value, which may be a key.
 * @throws StreamError `input-invalid`
 */
export function checkOptions(options: unknown, kinds: OptionKinds): void {
  if (typeof options !== 'object' || options === null) {
    throw wrongOptions([`options: expected an object; got ${typeText(options)}`])
  }
  const problems: string[] = []
  for (const [name, value] of Object.entries(options)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
    if (kind === undefined) problems.push(unknownOption(name, Object.keys(kinds)))
    else if (value !== undefined && !isOfKind(value, kind)) {
      problems.push(`options.${name}: expected ${WORDS[kind]}; got ${typeText(value)}`)
    }
  }
  if (problems.length > 0) throw wrongOptions(problems)
}

export function wrongOptions(problems: readonly string[]): StreamError {
  return new StreamError('input-invalid', problems.join('; '), { problems })
}

function unknownOption(name: string, names: readonly string[]): string {
  const meant = closest(name, names)
  const hint = meant === undefined ? `expected ${names.join(', ')}` : `did you mean "${meant}"?`
  return `options.${maskTokens(printable(name, 100))}: there is no such option; ${hint}`
}

function isOfKind(value: unknown, kind: OptionKind): boolean {
  if (kind === 'AbortSignal') return value instanceof AbortSignal
  if (kind === 'entry') return isJson(value)
  return typeof value === kind
}

/** Whether an entry could have it. */
function isJson(value: unknown): boolean {
  try {
    return JSON.stringify(value) !== undefined
  } catch {
    return false
  }
}

function typeText(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  const type = typeof value
  return type === 'undefined' ? 'nothing' : `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`
}
