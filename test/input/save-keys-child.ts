import { saveKeys } from '../../src/input/save-keys.js'
import { Secret } from '../../src/secret.js'

/** Saves one renewal. */
export async function saveOnce(path: string, before: string, after: string) {
  const defaultHost = { authority: 'us.example', secure: true }
  const owner = { pid: process.pid, isAlive: () => true }
  const renewals = [{ host: defaultHost, from: new Secret(before), to: new Secret(after) }]
  return saveKeys({ path, renewals, defaultHost, owner })
}
