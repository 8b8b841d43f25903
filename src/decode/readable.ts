import type { ScalarChoice } from './plan.js'
import { type ReadableForm, readableForm } from './readable-form.js'
import { SCALARS, type Scalar } from './scalars.js'
import type { WireReader } from './wire-reader.js'

const scalars = new Map<ReadableForm, Scalar>()

/**
 * What `--readable` changes: addresses and names in `bytes` fields as text. The field decides what to
 * try, its bytes whether that fits; what does not fit stays base64.
 */
export const readableScalar: ScalarChoice = (message, field, type) => {
  const form = type === 'bytes' ? readableForm(message, field) : undefined
  if (!form) return undefined
  const scalar = scalars.get(form) ?? scalarFor(form)
  scalars.set(form, scalar)
  return scalar
}

function scalarFor(toText: ReadableForm): Scalar {
  const base64 = SCALARS.bytes as Scalar
  return {
    ...base64,
    read(wire) {
      const start = wire.pos
      const text = toText(bytesOf(wire))
      if (text !== undefined) return text
      wire.pos = start
      return base64.read(wire)
    },
    write(wire, out) {
      const start = wire.pos
      const text = toText(bytesOf(wire))
      if (text !== undefined) {
        out.text(text)
        return
      }
      wire.pos = start
      base64.write(wire, out)
    },
  }
}

function bytesOf(wire: WireReader): Buffer {
  return wire.bytes.subarray(wire.take(), wire.pos)
}
