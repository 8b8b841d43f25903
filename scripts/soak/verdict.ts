import type { Numbers } from '../../test/helpers/breaks.js'
import type { RoughReceiver } from '../../test/helpers/rough-receiver.js'
import type { Traffic } from './traffic.js'

/** What became of what was sent. */
export function judge({ whole, count }: Traffic, json: Numbers, receiver: RoughReceiver) {
  const { numbers: http, unanswered } = receiver
  const sum = (is: (number: number) => boolean) => {
    let found = 0
    for (let number = 0; number < count; number++) if (is(number)) found += 1
    return found
  }
  return {
    numbers: count,
    whole: sum((number) => whole.at(number) > 0),
    /** More than those that are whole: some of them came before their connection broke. */
    distinct: sum((number) => json.counts.at(number) > 0),
    json: {
      missing: sum((number) => whole.at(number) > 0 && json.counts.at(number) === 0),
      twice: sum((number) => json.counts.at(number) > 1),
      outOfOrder: byService(json),
    },
    http: {
      missing: sum((number) => whole.at(number) > 0 && http.counts.at(number) === 0),
      twice: sum((number) => http.counts.at(number) > 1),
      /** Repeated although the batch was answered. */
      unexplained: sum((number) => http.counts.at(number) > 1 + unanswered.at(number)),
      outOfOrder: byService(http),
    },
  }
}

/** Of New Central, events that come while two connections overlap may pass each other. */
function byService({ disorder, outOfOrder }: Numbers) {
  let classic = 0
  for (const [start, times] of disorder) if (start.startsWith('{"customer":"C')) classic += times
  return { classic, newCentral: outOfOrder - classic }
}
