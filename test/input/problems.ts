import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { CLASSIC_ENTRIES } from '../../src/classic/entry.js'
import { StreamError } from '../../src/errors.js'
import { type LoadedInput, type LoadOptions, loadInput } from '../../src/input/load-input.js'
import { writeInput } from '../helpers/input.js'
import { leaksIn, makeKey } from '../helpers/keys.js'

/** Loads a file of Classic Central's entries. */
export function load(path: string, options: Partial<LoadOptions> = {}): Promise<LoadedInput> {
  return loadInput(path, { services: [CLASSIC_ENTRIES], ...options })
}

/** What loading says, without the path. */
export async function problems(path: string): Promise<string> {
  try {
    await load(path)
  } catch (error) {
    assert.ok(error instanceof StreamError)
    assert.equal(error.code, 'input-invalid')
    assert.deepEqual(leaksIn(`${error.stack} ${JSON.stringify(error)}`), [])
    return error.lines.join('\n').replaceAll(path, 'FILE')
  }
  return 'valid'
}

export async function problemsOf(t: TestContext, text: string | object): Promise<string> {
  return problems(await writeInput(t, typeof text === 'string' ? text : JSON.stringify(text)))
}

/** What loading says of one entry `A` with these properties. */
export function entryProblems(t: TestContext, properties: object): Promise<string> {
  const entry = { wsskey: makeKey('entry'), topic: 'audit', ...properties }
  return problemsOf(t, { customers: { A: entry } })
}
