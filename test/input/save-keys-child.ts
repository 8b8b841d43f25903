import { saveKeys } from '../../src/input/save-keys.js'
import { Secret } from '../../src/secret.js'

/** Saves one renewal; its result is fit for JSON. */
export async function saveOnce(path: string, before: string, after: string) {
  const defaultHost = { authority: 'us.example', secure: true }
  const owner = { pid: process.pid, isAlive: () => true }
  const renewals = [{ host: defaultHost, before: new Secret(before), after: new Secret(after) }]
  const result = await saveKeys({ path, renewals, defaultHost, owner })
  return { ...result, holders: undefined }
}
