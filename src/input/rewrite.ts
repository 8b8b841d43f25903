import type { Node } from 'jsonc-parser'
import { type Host, parseHost, socketUrl } from '../host.js'
import type { Secret } from '../secret.js'
import { members, parseJson } from './parse-json.js'

/** A key that Central replaced. */
export type Renewal = {
  readonly host: Host
  readonly before: Secret
  readonly after: Secret
}

export type Rewritten = {
  /** Differs from the old text in values of `wsskey` alone. */
  readonly text: string
  /** Entries that now hold the new key of their host, put there just now or found there. */
  readonly holders: ReadonlySet<string>
}

/**
 * Puts new keys in place of the old ones, in every entry that holds the old one on that host.
 * Undefined where the text is no JSON object of entries.
 * @param defaultHost the host of entries that name none
 */
export function rewriteKeys(
  text: string,
  renewals: readonly Renewal[],
  defaultHost: Host,
): Rewritten | undefined {
  const { root } = parseJson(text)
  const customers =
    root?.type === 'object' ? members(root).find(({ name }) => name === 'customers') : undefined
  if (customers?.value.type !== 'object') return undefined

  const holders = new Set<string>()
  let rewritten = ''
  let copied = 0
  for (const { name, value: entry } of members(customers.value)) {
    if (entry.type !== 'object') continue
    const properties = members(entry)
    const host = hostOf(properties.find((each) => each.name === 'hostname')?.value, defaultHost)
    for (const { value: key } of properties.filter((each) => each.name === 'wsskey')) {
      const here = renewals.filter((each) => host && socketUrl(each.host) === socketUrl(host))
      if (here.some(({ after }) => after.reveal() === key.value)) holders.add(name)
      const renewal = here.find(({ before }) => before.reveal() === key.value)
      if (!renewal) continue
      rewritten += text.slice(copied, key.offset) + JSON.stringify(renewal.after.reveal())
      copied = key.offset + key.length
      holders.add(name)
    }
  }
  return { text: rewritten + text.slice(copied), holders }
}

/** The entry's host; undefined where it names one that is none. */
function hostOf(node: Node | undefined, defaultHost: Host): Host | undefined {
  if (!node) return defaultHost
  try {
    return parseHost(String(node.value))
  } catch {
    return undefined
  }
}
