import { require } from '../require.js'

/**
 * The library in one file, as it ships for browsers: from its forty files it takes Node three times as
 * long to load. Who needs types only imports those from `protobufjs`.
 */
export const { Enum, Field, MapField, Namespace, Root, Type, common, parse } =
  require('protobufjs/dist/protobuf.min.js') as typeof import('protobufjs')
