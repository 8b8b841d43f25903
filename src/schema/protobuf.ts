import { loadCommonJs } from '../load-common-js.js'

/** What is used of the library at run time; its types are imported from `protobufjs` itself. */
export const { Enum, Field, MapField, Namespace, Root, Type, common, parse } =
  loadCommonJs<typeof import('protobufjs')>('protobufjs')
