import type { ServiceName } from '../service.js'
import type { NewCentralSettings } from './newcentral/settings.js'

export type { ServiceName }

/** What `aruba-stream simulate` is asked to do. */
export type SimulateSettings = {
  readonly port: number
  /** Messages a second and topic. With a file of frames 0: as fast as they are taken. */
  readonly rate: number
  /** Send the frames of this file in place of made-up traffic. */
  readonly framesFile: string | undefined
  /** Begin the file again at its end. */
  readonly loop: boolean
  /** Messages for each socket of Classic, and for each topic of a customer of New Central; undefined: no end. */
  readonly count: number | undefined
  /** Topics of either service. */
  readonly unsubscribed: readonly string[]
  /** Keys for which validation answers a renewed one. */
  readonly expiredKeys: readonly string[]
  readonly refusedKeys: readonly string[]
  /** Break each socket at random after about so many seconds. */
  readonly flakySeconds: number | undefined
  /** Write an input file to try with; it must not exist. */
  readonly inputFile: string | undefined
  /** Whose customers that file has. */
  readonly services: readonly ServiceName[]
  /** What New Central does where that is not known. */
  readonly newCentral: Partial<NewCentralSettings>
  /** Files of a certificate and its key, PEM; undefined: plain text. */
  readonly tls: { readonly certFile: string; readonly keyFile: string } | undefined
}

/** What a simulation does where nothing else is asked for. */
export const DEFAULT_SIMULATION: SimulateSettings = {
  port: 8765,
  rate: 2,
  framesFile: undefined,
  loop: false,
  count: undefined,
  unsubscribed: [],
  expiredKeys: [],
  refusedKeys: [],
  flakySeconds: undefined,
  inputFile: undefined,
  services: ['classic', 'newcentral'],
  newCentral: {},
  tls: undefined,
}
