/** One series of an exposition. */
type Sample = {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export type Family = { readonly type: string; readonly help: string; readonly samples: Sample[] }

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)( -?\\d+)?$`)
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/
const NUMBER = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[+-]Inf|NaN)$/i
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
}

/**
 * Reads Prometheus' text exposition format 0.0.4 and is as strict as `promtool check metrics`: HELP
 * and TYPE before their samples, families in one piece, no series twice, counters that end in
 * `_total` and are not negative, help everywhere.
 * @throws where anything is wrong
 */
export function parseExposition(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no newline')
  const families = new Map<string, Family>()
  const helps = new Map<string, string>()
  const series = new Set<string>()
  let current = ''
  for (const line of text.split('\n')) {
    if (line === '') continue
    const [, keyword, subject = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (keyword === 'HELP') {
      if (helps.has(subject)) throw new Error(`second HELP: ${line}`)
      helps.set(subject, rest)
      continue
    }
    if (keyword === 'TYPE') {
      if (families.has(subject)) throw new Error(`second TYPE: ${line}`)
      if (!/^(counter|gauge|histogram|summary|untyped)$/.test(rest)) throw new Error(line)
      const help = helps.get(subject)
      if (!help) throw new Error(`no help: ${line}`)
      if (rest === 'counter' && !subject.endsWith('_total')) throw new Error(`no _total: ${line}`)
      families.set(subject, { type: rest, help, samples: [] })
      current = subject
      continue
    }
    if (line.startsWith('#')) continue
    const [, name = '', labelText = '', valueText = ''] = SAMPLE.exec(line) ?? []
    const family = families.get(current)
    const suffixes = SUFFIXES[family?.type ?? ''] ?? ['']
    if (!family || !suffixes.some((suffix) => name === current + suffix)) {
      throw new Error(`a sample of no family, or out of place: ${line}`)
    }
    if (!NUMBER.test(valueText)) throw new Error(`no number: ${line}`)
    const labels = parseLabels(labelText, line)
    const value = Number(valueText.replace('Inf', 'Infinity'))
    if (family.type === 'counter' && !(value >= 0)) throw new Error(`negative counter: ${line}`)
    const id = JSON.stringify([name, Object.entries(labels).sort()])
    if (series.has(id)) throw new Error(`a series twice: ${line}`)
    series.add(id)
    family.samples.push({ name, labels, value })
  }
  return families
}

function parseLabels(text: string, line: string): Record<string, string> {
  const labels: Record<string, string> = {}
  for (let rest = text; rest !== ''; ) {
    const [whole = '', name = '', value = ''] = LABEL.exec(rest) ?? []
    if (whole === '' || name in labels) throw new Error(`labels: ${line}`)
    labels[name] = value.replace(/\\(.)/g, (_, character) => (character === 'n' ? '\n' : character))
    rest = rest.slice(whole.length)
  }
  return labels
}
