import type protobuf from 'protobufjs'
import { loadCommonJs } from '../packages.js'
import { PROTO_STAND_IN } from './message-type.js'

/** Loaded when a `.proto` file is parsed: a run with the shipped schemas needs no library. */
export function protobufjs(): typeof import('protobufjs') {
  return loadCommonJs('protobufjs')
}

/** Parses the text of a `.proto` file into `root`, with the names of the file. */
export function parseText(
  text: string,
  root: protobuf.Root,
  comments: boolean,
): protobuf.IParserResult {
  const { OneOf, Type, parse } = protobufjs()
  const safe = text.replace(/\b__proto__\b/g, PROTO_STAND_IN)
  // The parser adds the type of a `group` in a oneof to the oneof, which takes fields only.
  const { add, onAdd } = OneOf.prototype
  const groups = new Map<protobuf.OneOf, protobuf.Type[]>()
  OneOf.prototype.add = function (this: protobuf.OneOf, object: protobuf.ReflectionObject) {
    if (!(object instanceof Type)) return add.call(this, object as protobuf.Field)
    groups.set(this, [...(groups.get(this) ?? []), object])
    return this
  }
  OneOf.prototype.onAdd = function (this: protobuf.OneOf, parent: protobuf.ReflectionObject) {
    for (const type of groups.get(this) ?? []) (parent as protobuf.Type).add(type)
    onAdd.call(this, parent)
  }
  try {
    return parse(safe, root, { keepCase: true, alternateCommentMode: comments })
  } finally {
    Object.assign(OneOf.prototype, { add, onAdd })
  }
}
