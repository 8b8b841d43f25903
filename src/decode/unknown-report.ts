import { isEnum, type MessageType } from '../schema/message-type.js'
import { createPlanner } from './plan.js'
import { MAX_KINDS, type UnknownField } from './unknown-fields.js'

type UnknownReportOptions = {
  /** At the start of each line: the topic. */
  readonly name: string
  /** The folder whose `.proto` files go before the shipped ones, if there is one. */
  readonly protoDir: string | undefined
  /** Messages of the shipped schema; loaded when they are needed. */
  readonly shipped: () => readonly MessageType[]
  readonly log: { warn(line: string): void; debug(line: string): void }
}

/** Things that the same advice is for. */
type Group = { readonly texts: string[]; logged: number }

/** So many things are named in a line. */
const MAX_NAMED = 5

/**
 * Logs what the schema of a topic does not know, for all entries of the topic: the first thing at once, then
 * a line whenever their number has doubled; each of them at level debug.
 */
export class UnknownReport {
  readonly #options: UnknownReportOptions
  readonly #seen = new Set<string>()
  readonly #inShipped: Group = { texts: [], logged: 0 }
  readonly #inNone: Group = { texts: [], logged: 0 }

  constructor(options: UnknownReportOptions) {
    this.#options = options
  }

  /** Takes what a frame brought. */
  add(news: readonly UnknownField[]): void {
    const { name, protoDir, shipped, log } = this.#options
    for (const unknown of news) {
      const { text } = unknown
      if (this.#seen.has(text) || this.#seen.size >= MAX_KINDS) continue
      this.#seen.add(text)
      const isShipped = protoDir !== undefined && isKnown(shipped(), unknown)
      const group = isShipped ? this.#inShipped : this.#inNone
      group.texts.push(text)
      log.debug(`${name}: the schema does not know ${text}`)
    }
    this.#warn(
      this.#inShipped,
      (what) =>
        `the .proto files in ${protoDir} do not know ${what}, but the shipped ones do; update or remove them`,
    )
    this.#warn(this.#inNone, (what) =>
      protoDir === undefined
        ? `the schema does not know ${what}; download newer .proto files from Central and use --proto_dir`
        : `neither the .proto files in ${protoDir} nor the shipped ones know ${what}; download newer ones from Central`,
    )
  }

  #warn(group: Group, line: (what: string) => string): void {
    const { texts, logged } = group
    if (texts.length === 0 || texts.length < logged * 2) return
    group.logged = texts.length
    this.#options.log.warn(
      `${this.#options.name}: ${line(listOf(texts.slice(logged), texts.length))}`,
    )
  }
}

function listOf(news: readonly string[], total: number): string {
  const [only] = news
  if (only !== undefined && total === 1) return only
  const named = news.slice(0, MAX_NAMED).join(', ')
  const others = total > MAX_NAMED ? ' and others; --log_level debug names all' : ''
  return `${total} fields and values (${named}${others})`
}

function isKnown(types: readonly MessageType[], { message, field, value }: UnknownField): boolean {
  return types
    .filter(({ name }) => name === message)
    .some((type) => {
      if (typeof field === 'number') return planOf(type).compiled.steps[field * 8 + value]
      const resolved = type.fields[field]?.resolve().resolvedType
      return isEnum(resolved) && Object.values(resolved.values).includes(value)
    })
}

const planOf = createPlanner(() => undefined)
