/** How each TYPE of `--export_data` is written, by its name: what help and errors list. */
export const EXPORT_TYPES = {
  json: 'json[:PATH]',
  csv: 'csv[:FOLDER]',
  tcp: 'tcp://HOST:PORT',
  tls: 'tls://HOST:PORT',
  http: 'http://HOST/PATH',
  https: 'https://HOST/PATH',
  nats: 'nats://HOST:4222/PREFIX',
  kafka: 'kafka://HOST:9092/PREFIX',
  kafkas: 'kafkas://HOST:9092/PREFIX',
  postgres: 'postgres://HOST/DATABASE',
} as const

/** How a module is written; it is known by the dot or slash that it starts with. */
export const MODULE_TYPE = './MODULE.mjs'

const STDOUT_WAY = '--decode_data prints records on stdout'
const MODULE_WAY = `write a module, ${MODULE_TYPE}, that sends each record`

/** What people ask for that is no TYPE, and how records get there. */
export const OTHER_WAYS: ReadonlyMap<string, string> = new Map([
  [
    'mqtt',
    'print records with --decode_data, and pipe them to mosquitto_pub -h BROKER -t TOPIC -l',
  ],
  ...['elasticsearch', 'opensearch', 'mysql', 'mongodb', 'amqp', 'syslog'].map(
    (name) => [name, MODULE_WAY] as const,
  ),
  ...['influxdb', 'sqlite'].map(
    (name) => [name, `use the module examples/${name}.mjs of the package`] as const,
  ),
  ...['-', 'stdout', 'console'].map((name) => [name, STDOUT_WAY] as const),
  ['file', 'write json:PATH'],
  ['postgresql', `write ${EXPORT_TYPES.postgres}`],
])
