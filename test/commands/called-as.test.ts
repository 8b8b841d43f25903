import assert from 'node:assert/strict'
import { test } from 'node:test'
import { calledAs } from '../../src/commands/called-as.js'

const PATH = '/usr/local/bin:/usr/bin:/bin'
const cwd = '/home/ann/net'

for (const [script, env, expected] of [
  ['/usr/local/bin/aruba-stream', {}, 'aruba-stream'],
  ['/home/ann/net/node_modules/.bin/aruba-stream', {}, 'node_modules/.bin/aruba-stream'],
  [
    '/home/ann/net/node_modules/.bin/aruba-stream',
    { npm_command: 'exec', PATH: `/home/ann/net/node_modules/.bin:${PATH}` },
    'npx aruba-stream',
  ],
  ['/home/ann/net/dist/cli.js', {}, 'node dist/cli.js'],
  ['/opt/aruba stream/dist/cli.js', {}, "node '/opt/aruba stream/dist/cli.js'"],
  ['/home/ann/net/aruba-stream', {}, './aruba-stream'],
  ['/opt/bin/aruba-stream', {}, '/opt/bin/aruba-stream'],
] as const) {
  test(`the program that was started as ${script} is called ${expected}`, () => {
    assert.equal(calledAs({ script, env: { PATH, ...env }, cwd }), expected)
  })
}
