import type protobuf from 'protobufjs'
import { loadCommonJs } from '../packages.js'

/** The parts of the library that are used at run time; its types come from `protobufjs` itself. */
export const { Enum, MapField, Namespace, OneOf, Root, Type, common, parse } =
  loadCommonJs<typeof import('protobufjs')>('protobufjs')

/** The library drops a field of this name, so it gets another one while the library has it. */
const PROTO = '__proto__'
const PROTO_STAND_IN = '__proto__stand_in'

/** Parses the text of a `.proto` file into `root`, with the names of the file. */
export function parseText(
  text: string,
  root: protobuf.Root,
  comments: boolean,
): protobuf.IParserResult {
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

/** A name as the `.proto` file has it. */
export function sourceName(name: string): string {
  return name === PROTO_STAND_IN ? PROTO : name
}

/**
 * A field's name in a record, as the protobuf JSON mapping has it: an extension's in brackets, with its
 * package; a `group`'s in lower case.
 */
export function recordName(field: protobuf.Field): string {
  const { resolvedType, protoName = field.name } = field.resolve()
  const own = protoName.slice(protoName.lastIndexOf('.') + 1)
  const name = isGroupType(resolvedType) && isGroup(field) ? own.toLowerCase() : sourceName(own)
  return own === protoName ? name : `[${protoName.slice(1, -own.length)}${name}]`
}

/** Whether a field comes as a group: by the keyword, or by the delimited encoding of editions. */
export function isGroup(field: protobuf.FieldBase): boolean {
  const { name, map, resolvedType } = field
  // A map's values are never groups, whatever its file says of others.
  if (map || !(resolvedType instanceof Type)) return false
  // A `group` is a type and a field of the same name. Other fields of that type have a length.
  if (isGroupType(resolvedType)) {
    return name.slice(name.lastIndexOf('.') + 1).toLowerCase() === resolvedType.name.toLowerCase()
  }
  return (field as protobuf.Field).delimited
}

/** Whether the keyword `group` made a type; the library's own types lack the property. */
function isGroupType(type: protobuf.Type | protobuf.Enum | null): boolean {
  return type !== null && 'group' in type && type.group === true
}
