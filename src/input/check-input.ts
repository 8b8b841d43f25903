import type { Node } from 'jsonc-parser'
import { TOPICS } from '../classic/topics.js'
import { checkEntry } from './check-entry.js'
import { discreet } from './discreet.js'
import type { InputEntry } from './entries.js'
import { members, position } from './parse-json.js'

/** What a parsed input file says, and all that is wrong with it. */
export type CheckedInput = {
  readonly entries: InputEntry[]
  /** One sentence each, beginning with the place. */
  readonly problems: string[]
}

/**
 * Reads `{ "customers": { NAME: { wsskey, topic, username?, hostname? } } }`.
 * @param text what the tree was made from, for line numbers
 */
export function checkInput(root: Node, text: string): CheckedInput {
  const entries: InputEntry[] = []
  const problems: string[] = []
  const report = (place: string, problem: string) => {
    problems.push(`${place}: ${problem}`)
  }
  const show = discreet(keysIn(root))
  const lineOf = (offset: number) => position(text, offset).line

  if (root.type !== 'object') {
    report('the file', `expected an object with "customers"; got ${show.value(root)}`)
    return { entries, problems }
  }
  const [customers, second] = members(root).filter(({ name }) => name === 'customers')
  if (!customers) report('customers', 'is missing; expected an object of entries')
  if (second) report('customers', `stands there twice, again on line ${lineOf(second.offset)}`)
  const list = customers?.value
  if (list && list.type !== 'object') {
    report('customers', `expected an object of entries; got ${show.value(list)}`)
  } else if (list && list.children?.length === 0) {
    report('customers', 'is empty; expected at least one entry')
  }
  if (list?.type !== 'object') return { entries, problems }

  const names = new Set<string>()
  for (const [index, { name, value, offset }] of members(list).entries()) {
    // For a problem alone: to know whether a name is a piece of a key takes time.
    const place = () => `customers${show.step(name, index + 1)}`
    if (names.has(name)) {
      report(place(), `a second entry of this name, on line ${lineOf(offset)}; give it another`)
    }
    names.add(name)
    const entry = checkEntry(name, value, place, report, show)
    if (entry) entries.push(entry)
  }
  return { entries, problems }
}

/** Every `wsskey` in the file, at any depth, so that a key is known wherever else it was pasted. */
function keysIn(root: Node): string[] {
  const keys: string[] = []
  const nodes = [root]
  // A list that grows, not a recursion: the parser goes deeper than the stack would take that.
  for (const node of nodes) {
    for (const child of node.children ?? []) nodes.push(child)
    if (node.type !== 'object') continue
    for (const { name, value } of members(node)) {
      if (name === 'wsskey' && value.type === 'string') keys.push(String(value.value))
    }
  }
  // Where key and topic were mixed up, the topic's name is no secret.
  return keys.filter((key) => !(TOPICS as readonly string[]).includes(key))
}
