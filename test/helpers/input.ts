import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { tempFolder } from './temp-folder.js'

/** An entry of the input file. */
export type InputEntry = {
  readonly wsskey: string
  readonly topic: string
  readonly username?: string
  readonly hostname?: string
}

/** An entry with several topics. */
export type ListInput = Omit<InputEntry, 'topic'> & { readonly topics: readonly string[] }

/** An entry of New Central. */
export type NewCentralInput = {
  readonly client_id: string
  readonly client_secret: string
  readonly topic: string
  readonly token_url?: string
  readonly hostname?: string
  readonly event_types?: readonly string[]
  readonly subscriber_id?: string
  readonly path?: string
}

/**
 * Writes an input file (mode 0600) into a fresh folder.
 * @param input the entries by name, or the file's text
 * @returns the file's path
 */
export async function writeInput(
  t: TestContext,
  input: Readonly<Record<string, InputEntry | ListInput | NewCentralInput>> | string,
): Promise<string> {
  const path = join(tempFolder(t), 'input.json')
  const text =
    typeof input === 'string' ? input : `${JSON.stringify({ customers: input }, null, 2)}\n`
  await writeFile(path, text, { mode: 0o600 })
  return path
}
