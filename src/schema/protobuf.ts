import { require } from '../require.js'

/** What is used of the library at run time; its types are imported from `protobufjs` itself. */
export const { Enum, Field, MapField, Namespace, Root, Type, common, parse } =
  require('protobufjs') as typeof import('protobufjs')
