import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type SaveResult, saveKeys } from '../../src/input/save-keys.js'
import { parseHost } from '../../src/net/host.js'
import { Secret } from '../../src/secret.js'
import { runAsNobody } from '../helpers/nobody.js'
import { tempFolder } from '../helpers/temp-folder.js'

export const HOST = parseHost('us.example')
export const PROPERTIES = ['wsskey']

export function renewal(before: string, after: string, host = HOST) {
  return { host, from: new Secret(before), to: new Secret(after) }
}

/** Saves one renewal. */
export function save(
  path: string,
  before: string,
  after: string,
  host = HOST,
  isAlive: (pid: number) => boolean = () => true,
): Promise<SaveResult> {
  const renewals = [renewal(before, after, host)]
  const owner = { pid: process.pid, isAlive }
  return saveKeys({ path, renewals, defaultHost: HOST, owner, properties: PROPERTIES })
}

/** Saves as a user without rights, who owns neither the file nor its folder where root runs this. */
export async function saveAsNobody(
  path: string,
  before: string,
  after: string,
): Promise<SaveResult> {
  const said = await runAsNobody(
    new URL(import.meta.url),
    'console.log(JSON.stringify(await module.save(...args)))',
    [path, before, after],
  )
  return JSON.parse(said)
}

/** A file with one entry. */
export function simple(key: string, note = ''): string {
  return `{"customers": {"A": {"wsskey": "${key}", "topic": "audit"}}${note}}\n`
}

/** Writes an input file into a fresh folder, or the one given. */
export async function inputFile(
  t: TestContext,
  text: string,
  { mode = 0o600, name = 'input.json', folder = '' } = {},
): Promise<string> {
  const path = join(folder || tempFolder(t), name)
  await writeFile(path, text, { mode })
  return path
}
