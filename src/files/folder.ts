import { constants } from 'node:fs'
import { access, mkdir } from 'node:fs/promises'
import { unusableFile } from './open-for-append.js'

/**
 * Makes a folder for its owner alone where there is none.
 * @throws StreamError `exporter-unusable` where files cannot be made in it
 */
export async function prepareFolder(path: string, label: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    await access(path, constants.W_OK | constants.X_OK)
  } catch (error) {
    throw unusableFile(label, path, error)
  }
}
