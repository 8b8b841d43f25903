import type { StreamMessage } from '../classic/message.js'
import type { Exporter } from './output.js'

/**
 * Hands a message to every exporter. Returns a promise only where one of them wants to be awaited: at
 * full speed none does, and none is made.
 */
export function exportAll(
  message: StreamMessage,
  exporters: readonly Exporter[],
): void | Promise<void> {
  let pending: Promise<void>[] | undefined
  for (const exporter of exporters) {
    const taken = exporter.export(message)
    if (!taken) continue
    pending ??= []
    pending.push(taken)
  }
  if (!pending) return
  return pending.length === 1 ? pending[0] : Promise.all(pending).then(() => undefined)
}
