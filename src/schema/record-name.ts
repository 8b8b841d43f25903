import type protobuf from 'protobufjs'

/**
 * A field's name in a record, as the protobuf JSON mapping has it: an extension's in brackets, with its
 * package; a group's in lower case, where the field takes it from the group's type.
 */
export function recordName(field: protobuf.Field): string {
  if (field.name.startsWith('.')) return `[${field.name.slice(1)}]`
  return field.resolve().delimited ? field.name.toLowerCase() : field.name
}
