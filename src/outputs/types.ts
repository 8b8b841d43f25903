/** How each TYPE of `--export_data` is written, by its name: what help and errors list. */
export const EXPORT_TYPES = {
  json: 'json[:PATH]',
  csv: 'csv[:FOLDER]',
  tcp: 'tcp://HOST:PORT',
  tls: 'tls://HOST:PORT',
  http: 'http://HOST/PATH',
  https: 'https://HOST/PATH',
  nats: 'nats://HOST:4222/PREFIX',
} as const

/** How a module is written; it is known by the dot or slash that it starts with. */
export const MODULE_TYPE = './MODULE.mjs'
