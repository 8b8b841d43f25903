import { judge, type Numbers } from '../../test/helpers/breaks.js'
import type { RoughReceiver } from '../../test/helpers/rough-receiver.js'
import type { Traffic } from './traffic.js'

/** What became of what was sent. */
export function judgeByService(traffic: Traffic, json: Numbers, receiver: RoughReceiver) {
  const verdict = judge(traffic, json, receiver)
  return {
    ...verdict,
    json: { ...verdict.json, outOfOrder: byService(json) },
    http: { ...verdict.http, outOfOrder: byService(receiver.numbers) },
  }
}

/** Of New Central, events that come while two connections overlap may pass each other. */
function byService({ disorder, outOfOrder }: Numbers) {
  let classic = 0
  for (const [start, times] of disorder) if (start.startsWith('{"customer":"C')) classic += times
  return { classic, newCentral: outOfOrder - classic }
}
