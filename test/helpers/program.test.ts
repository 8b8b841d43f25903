import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { leaksIn, makeKey, registerKey } from './keys.js'
import { runProgram } from './program.js'
import { LOADER, ROOT } from './settings.js'
import { tempFolder } from './temp-folder.js'

async function script(t: TestContext, source: string): Promise<string> {
  const path = join(tempFolder(t), 'script.mjs')
  await writeFile(path, source)
  return path
}

test('a program is run and its output collected', async (t) => {
  const path = await script(
    t,
    `process.stdin.on('data', (d) => process.stdout.write('read ' + d + '\\n'))
     process.stderr.write('args ' + process.argv.slice(2) + ' ' + process.env.COLOUR + '\\n')
     process.exitCode = 3`,
  )
  const options = { script: path, stdin: 'text', env: { COLOUR: 'blue' } }
  const program = runProgram(t, ['a', 'b'], options)
  assert.equal(await program.waitForLine('args'), 'args a,b blue')
  assert.equal(await program.waitForLine(/^read/, 'stdout'), 'read text')
  const { code, signal, stdout, stderr } = await program.result
  assert.deepEqual([code, signal, stdout, stderr], [3, null, 'read text\n', 'args a,b blue\n'])
  await assert.rejects(program.waitForLine('never printed'), /the program has ended/)
})

test('a program that runs on is ended with the test', async (t) => {
  const path = await script(t, `setInterval(() => {}, 1000); console.log('up')`)
  let child: ReturnType<typeof runProgram> | undefined
  await t.test('inner', async (inner) => {
    child = runProgram(inner, [], { script: path })
    await child.waitForLine('up', 'stdout')
  })
  assert.equal((await child?.result)?.signal, 'SIGKILL')
})

test('a key is found in a text in every form, and so are its parts', () => {
  const key = makeKey('leak')
  const [, payload = '', signature = ''] = key.split('.')
  const odd = registerKey('sp"ecial')
  const shown = [
    `Authorization: ${key}\n`,
    `…${signature}…`,
    `x${payload}`,
    JSON.stringify({ odd }),
    Buffer.from(key).toString('hex'),
    ...['', 'a', 'ab', 'abc'].map((before) => Buffer.from(`${before}${key} z`).toString('base64')),
    'ä'.repeat(70_000) + key,
  ]
  for (const text of shown) assert.equal(leaksIn(text).length, 1, text.slice(0, 60))
})

test('a test fails when its program shows a key', async (t) => {
  const url = (name: string) => JSON.stringify(new URL(name, import.meta.url).href)
  const leaking = await script(t, `console.error(process.argv[2].split('.')[2])`)
  const path = await script(
    t,
    `import { test } from 'node:test'
     import { makeKey } from ${url('./keys.js')}
     import { runProgram } from ${url('./program.js')}
     test('leaks', async (t) => {
       const options = { script: ${JSON.stringify(leaking)} }
       await runProgram(t, [makeKey('shown')], options).result
     })`,
  )
  const options = { script: path, nodeOptions: LOADER, cwd: ROOT }
  const { code, stdout } = await runProgram(t, [], options).result
  assert.equal(code, 1)
  assert.match(stdout, /stderr shows a key, or a part of one/)
})

test('what all keys share, and half a segment, is no leak', () => {
  const [header = '', payload = ''] = makeKey('harmless').split('.')
  assert.deepEqual(leaksIn(`${header} ${payload.slice(0, 12)} and other words`), [])
  assert.deepEqual(leaksIn(''), [])
})
