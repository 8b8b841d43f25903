import type { Node } from 'jsonc-parser'
import { type Host, isSameHost, parseHost } from '../net/host.js'
import type { Secret } from '../secret.js'
import { members, parseJson } from './parse-json.js'

/** A key of a host that Central replaced. */
export type Renewal = { readonly host: Host; readonly from: Secret; readonly to: Secret }

/**
 * Puts new keys in place of the old ones, in every entry that holds the old one on that host, and
 * changes nothing else.
 * @param defaultHost the host of entries that name none
 * @returns undefined where the text is no JSON object of entries
 */
export function rewriteKeys(
  text: string,
  renewals: readonly Renewal[],
  defaultHost: Host,
): string | undefined {
  const { root } = parseJson(text)
  const customers =
    root?.type === 'object' ? members(root).find(({ name }) => name === 'customers') : undefined
  if (customers?.value.type !== 'object') return undefined

  let rewritten = ''
  let copied = 0
  for (const { value: entry } of members(customers.value)) {
    if (entry.type !== 'object') continue
    const properties = members(entry)
    const host = hostOf(properties.find((each) => each.name === 'hostname')?.value, defaultHost)
    for (const { value: key } of properties.filter((each) => each.name === 'wsskey')) {
      const renewal = renewals.find(
        (each) => host && isSameHost(each.host, host) && each.from.reveal() === key.value,
      )
      if (!renewal) continue
      rewritten += text.slice(copied, key.offset) + JSON.stringify(renewal.to.reveal())
      copied = key.offset + key.length
    }
  }
  return rewritten + text.slice(copied)
}

/** The entry's host; undefined where it names one that is none. */
function hostOf(node: Node | undefined, defaultHost: Host): Host | undefined {
  if (!node) return defaultHost
  if (node.type !== 'string') return undefined
  try {
    return parseHost(node.value)
  } catch {
    return undefined
  }
}
