import type { StreamMessage } from '../classic/message.js'
import { errorText, StreamError } from '../errors.js'
import type { Exporter, ExporterContext } from './output.js'

/**
 * An exporter that never throws and never rejects, whatever it meets in a message: one that a user's
 * module has changed, say. Such a message is given up by this exporter alone.
 */
export function guarded(exporter: Exporter, context: ExporterContext): Exporter {
  const giveUp = (message: StreamMessage, error: unknown) => {
    const own = error instanceof StreamError ? error : undefined
    context.giveUp(message, own ?? new StreamError('export-failed', errorText(error)))
  }
  return {
    needs: exporter.needs,
    export(message) {
      try {
        const taken = exporter.export(message)
        return taken?.catch((error: unknown) => giveUp(message, error))
      } catch (error) {
        giveUp(message, error)
      }
    },
    close: () => exporter.close(),
    reopen: async () => exporter.reopen?.(),
  }
}
