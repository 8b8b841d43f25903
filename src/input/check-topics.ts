import type { Node } from 'jsonc-parser'
import { findCharacter, withoutLookalikes } from '../characters.js'
import type { AnyTopic } from '../service.js'
import { closest } from '../text.js'
import { type EntryRules, Problem, type ReadProperty } from './entry-rules.js'

/** What the topics of an entry are checked with. */
type TopicContext = {
  /** The service of the entry. */
  readonly service: EntryRules
  readonly services: readonly EntryRules[]
  /** A text of the file as a message may show it. */
  readonly show: (node: Node) => string
}

/** The texts in `topic` and `topics`, right or wrong. */
export function topicTexts(values: ReadonlyMap<string, Node>): readonly string[] {
  const nodes = [values.get('topic'), ...(values.get('topics')?.children ?? [])]
  return nodes.flatMap((node) => (node?.type === 'string' ? [String(node.value)] : []))
}

/** Reads `topic` or `topics`. What is wrong with them is reported by `read`. */
export function checkTopics(
  values: ReadonlyMap<string, Node>,
  read: ReadProperty,
  context: TopicContext,
): readonly AnyTopic[] {
  const { service } = context
  const [one, list] = [values.get('topic'), values.get('topics')]
  if (!list) return [read('topic', () => checkTopic(one, context)) ?? []].flat()
  const items = read('topics', () => {
    if (one) throw new Problem('is there beside "topic"; expected one of them')
    return itemsOf(list, context)
  })
  const topics: AnyTopic[] = []
  // Each wrong item is a problem of its own.
  for (const item of items ?? []) {
    const found = read('topics', () => {
      if (item.type === 'array') throw new Problem(`${wanted(service)}; got a list in the list`)
      const topic = checkTopic(item, context)
      if (topics.includes(topic)) throw new Problem(`has "${topic}" twice; expected it once`)
      return topic
    })
    if (found) topics.push(found)
  }
  return topics
}

function itemsOf(list: Node, { service, show }: TopicContext): readonly Node[] {
  const items = list.type === 'array' ? (list.children ?? []) : undefined
  if (!items) {
    const meant = severalTopics(String(list.value), service)
    const example = JSON.stringify(meant ?? service.topics.slice(0, 2))
    throw new Problem(`expected a list of topics, such as ${example}; got ${show(list)}`)
  }
  if (items.length === 0) throw new Problem(`is an empty list; ${wanted(service)}`)
  return items
}

function checkTopic(node: Node | undefined, { service, services, show }: TopicContext): AnyTopic {
  const { name, topics, otherTopicNames } = service
  if (!node) throw new Problem(`is missing; ${wanted(service)}`)
  if (node.value === '') throw new Problem(`is empty; ${wanted(service)}`)
  const text = node.type === 'string' ? String(node.value) : ''
  const topic = topics.find((each) => each === text)
  if (topic) return topic
  const several = severalTopics(text, service)
  if (several || node.type === 'array') {
    const example = several ? `, ${JSON.stringify(several)}` : ''
    throw new Problem(`expected one topic; got several: name the list "topics"${example}`)
  }
  const plain = withoutLookalikes(text).trim()
  const meant = otherTopicNames.get(plain.toLowerCase()) ?? closest(plain, topics)
  const hint = meant === undefined ? '' : ` (did you mean "${meant}"?)`
  const odd = findCharacter(text) ?? findCharacter(text, /[^\x20-\x7e]/u)
  if (odd && meant) throw new Problem(`holds ${odd}; ${wanted(service)}${hint}`)
  const other = services.find((each) => each.topics.some((one) => one === text))
  if (other) {
    throw new Problem(
      `"${text}" is a topic of ${other.name}, and the entry has credentials of ${name}; ${wanted(service)}${hint}`,
    )
  }
  throw new Problem(`${wanted(service)}; got ${show(node)}${hint}`)
}

/** The topics in a text that lists several: `audit, presence`. */
function severalTopics(text: string, { topics }: EntryRules): readonly string[] | undefined {
  const words = text.split(/[\s,;|]+/)
  const isList = words.length > 1 && words.every((word) => topics.some((each) => each === word))
  return isList ? words : undefined
}

function wanted({ topics }: EntryRules): string {
  return `expected one of ${topics.join(', ')}`
}
