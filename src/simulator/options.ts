/** How a stand-in for Central is set up. */
export type CentralOptions = {
  /** Default 0: any free port. */
  readonly port?: number
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Certificate and its key, PEM; plain text without. */
  readonly tls?: { readonly key: string; readonly cert: string }
  /** Keys that are good. */
  readonly keys?: readonly string[]
  /** Default: accepted as long as `keys` or `central.keys` say nothing of any key, else refused. */
  readonly unknownKeys?: 'accept' | 'refuse'
  /** Topics that are not ticked, for any key. */
  readonly unsubscribed?: readonly string[]
  /** Frames kept of each topic for the replay headers; default 0, which ignores them. */
  readonly history?: number
  /** Milliseconds since the epoch; default `Date.now`. */
  readonly clock?: () => number
}
