import type { Node } from 'jsonc-parser'
import { findCharacter, visible } from '../characters.js'
import { StreamError } from '../errors.js'
import type { Host } from '../net/host.js'
import { closest, formatCount, maskTokens, printable } from '../text.js'
import { checkEntry, type EntryContext } from './check-entry.js'
import { type InputEntry, Subscriptions } from './entries.js'
import { type EntryRules, nearest, PropertyGuess } from './entry-rules.js'
import { LineCounter, type Member, members, parseJson } from './parse-json.js'
import { type ReadOptions, readText, UnreadableFile } from './read-text.js'
import { redact } from './redact.js'

export type LoadOptions = ReadOptions & {
  /** One for each service that entries may be of. */
  readonly services: readonly EntryRules[]
  /** The host of entries that name none; undefined where it is not known. */
  readonly defaultHost?: Host | undefined
  /** Whether an entry without a host is an error. */
  readonly needsHost?: boolean
}

/** A valid input file. */
export type LoadedInput = {
  /** A subscription for each topic of each entry that is enabled. */
  readonly entries: InputEntry[]
  /** The labels of those that are disabled. */
  readonly disabled: readonly string[]
  /** For the log: sentences about what is allowed but unwise, each with the file. */
  readonly warnings: string[]
}

/** Permissions of group and others to read. */
const READABLE_BY_OTHERS = 0o044

/**
 * Reads and checks the input file.
 * @param path relative to the current folder, or absolute; `-` is stdin
 * @throws StreamError `input-invalid` whose `problems` are what is wrong, each with file and place; none
 *   shows a key; the signal's reason as soon as it aborts
 */
export async function loadInput(path: string, options: LoadOptions): Promise<LoadedInput> {
  const shown = shownPath(path)
  const about = (texts: readonly string[]) => texts.map((text) => `${shown}: ${text}`)
  const invalid = (texts: readonly string[], count = texts.length) => {
    const problems = about(texts)
    const message = count > 1 ? `${shown}: ${count} problems` : problems.join('\n')
    return new StreamError('input-invalid', message, { problems })
  }
  try {
    const { text, stats } = await readText(path, options)
    const { root, fault } = parseJson(text)
    if (fault !== undefined) throw invalid([fault])
    const { entries, disabled, problems, warnings } = checkInput(root, text, options)
    if (problems.count > 0) throw invalid(problems.lines('problems'), problems.count)
    const mode = Number(stats?.mode ?? 0) & 0o7777
    if (stats?.isFile() && (mode & READABLE_BY_OTHERS) !== 0) {
      const digits = mode.toString(8).padStart(4, '0')
      warnings.add(
        () =>
          `other users of this machine can read it (mode ${digits}), and it holds keys; run chmod 600 on it`,
      )
    }
    return { entries, disabled, warnings: about(warnings.lines('warnings')) }
  } catch (error) {
    if (error instanceof UnreadableFile) throw invalid([error.message])
    throw error
  }
}

/** The file as messages name it. */
export function shownPath(path: string): string {
  return path === '-' ? 'stdin' : printable(maskTokens(path))
}

/** More are of no use at once, and the texts of thousands take long to make. */
const MAX_SHOWN = 20

/** Collects the problems or warnings of a file. Only the first ones become texts. */
export class Findings {
  readonly #shown: string[] = []
  #count = 0

  get count(): number {
    return this.#count
  }

  /** @param text a sentence that begins with the place */
  add(text: () => string): void {
    this.#count++
    if (this.#count <= MAX_SHOWN) this.#shown.push(text())
  }

  /** @param what what they are, for the line that says how many are not shown */
  lines(what: string): string[] {
    const hidden = this.#count - this.#shown.length
    return hidden === 0 ? this.#shown : [...this.#shown, `and ${formatCount(hidden)} more ${what}`]
  }
}

/** The subscriptions of a file, and what was found wrong with it. */
export type Checked = {
  readonly entries: InputEntry[]
  /** Labels of those that are disabled. */
  readonly disabled: string[]
  readonly problems: Findings
  readonly warnings: Findings
}

/** @param text what the tree was made from, for line numbers */
function checkInput(root: Node, text: string, options: LoadOptions): Checked {
  const { services } = options
  const entries: InputEntry[] = []
  const problems = new Findings()
  const warnings = new Findings()
  const disabled: string[] = []
  const checked = { entries, disabled, problems, warnings }
  const meant = new PropertyGuess(services)
  const show = redact(secretsIn(root, meant, services))
  const lines = new LineCounter(text)
  const context = { services, meant, redact: show, problems, warnings }
  const customers = findCustomers(root, lines, context)
  if (customers === undefined) return checked

  const names = new Set<string>()
  const subscriptions = new Subscriptions(checked, options)
  for (const [index, { name, value, offset }] of members(customers).entries()) {
    // Made only for a problem: to find out whether a name is a part of a key takes time.
    const place = () => `customers${show.step(name, 'entry', index + 1)}`
    if (names.has(name)) {
      problems.add(
        () =>
          `${place()}: a second entry of this name, on line ${lines.line(offset)}; give it another`,
      )
    }
    names.add(name)
    const entry = checkEntry(name, value, place, context)
    subscriptions.add(entry, place)
  }
  subscriptions.end()
  return checked
}

/** @returns the object of the entries; undefined where the file has none, which is a problem */
function findCustomers(
  root: Node,
  lines: LineCounter,
  { meant, redact: show, problems, warnings }: EntryContext,
): Node | undefined {
  const fail = (problem: string) => problems.add(() => problem)
  if (root.type !== 'object') {
    fail(`the file: expected an object with "customers"; got ${show.value(root)}`)
    return undefined
  }
  const all = members(root)
  const [customers, second] = all.filter(({ name }) => name === 'customers')
  const others = all.filter(({ name }) => name !== 'customers')
  const isCustomers = ({ name }: Member) => /^\W*customers?\W*$/i.test(name)
  if (!customers) {
    const misnamed =
      others.find(isCustomers) ?? others.find(({ name }) => closest(name, ['customers']))
    const odd = misnamed && findCharacter(misnamed.name)
    const name = `"${visible(misnamed?.name ?? '')}"${odd ? `, which holds ${odd}` : ''}`
    const outside = all.some(({ value }) => members(value).some((each) => meant.isKnown(each.name)))
    const move = outside ? '; move the entries into it' : ''
    const hint = misnamed ? `; the file has ${name}: did you mean "customers"?` : move
    fail(`customers: is missing; expected an object of entries${hint}`)
  } else {
    for (const other of others) {
      const isNear = other.value.type === 'object' && nearest(other.name, ['customers'])
      if (!isNear && !isCustomers(other)) continue
      warnings.add(() => `"${visible(other.name)}": is ignored; only "customers" is read`)
    }
  }
  if (second) fail(`customers: is there twice, again on line ${lines.line(second.offset)}`)
  const list = customers?.value
  if (list && list.type !== 'object') {
    fail(`customers: expected an object of entries; got ${show.value(list)}`)
  } else if (list && list.children?.length === 0) {
    fail('customers: is empty; expected at least one entry')
  }
  return list?.type === 'object' ? list : undefined
}

/** Every key in the file, at any depth, so that it is known wherever else it was pasted. */
function secretsIn(
  root: Node,
  meant: PropertyGuess,
  services: readonly EntryRules[],
): readonly string[] {
  const secrets: string[] = []
  const nodes = [root]
  // A list that grows, not a recursion: the parser goes deeper than the stack would allow here.
  for (const node of nodes) {
    for (const child of node.children ?? []) nodes.push(child)
    if (node.type !== 'object') continue
    for (const { name, value } of members(node)) {
      if (value.type === 'string' && meant.isSecret(name)) secrets.push(String(value.value))
    }
  }
  // Where key and topic were mixed up, the topic's name is no secret.
  const topics = new Set<string>(services.flatMap((each) => each.topics))
  return secrets.filter((secret) => !topics.has(secret))
}
