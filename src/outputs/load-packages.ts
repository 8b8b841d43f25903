import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { errorText, StreamError } from '../errors.js'

/** Optional packages that an output needs. */
export type NeededPackages = {
  /** The TYPE, as messages name it: `nats://`. */
  readonly type: string
  readonly names: readonly string[]
}

/**
 * Imports optional packages from the first place that has all of them.
 * @param places files or folders' `package.json` beside which `node_modules` is looked for, as Node
 *   does: beside the program first, then from the current folder
 * @returns what each of them exports, in their order
 * @throws StreamError `exporter-unusable` with the command that installs them
 */
export async function loadPackages(
  needed: NeededPackages,
  places: readonly string[],
): Promise<unknown[]> {
  for (const place of places) {
    const found = locate(needed.names, place)
    if (!found) continue
    try {
      return await Promise.all(found.map((url) => import(url)))
    } catch (error) {
      throw notInstalled(needed, `whose installation is broken (${errorText(error)})`)
    }
  }
  throw notInstalled(needed, 'not installed')
}

function notInstalled({ type, names }: NeededPackages, why: string): StreamError {
  const what = names.length === 1 ? 'a package' : `${names.length} packages`
  return new StreamError(
    'exporter-unusable',
    `${type} needs ${what}, ${why}; run: npm install ${names.join(' ')}`,
  )
}

function locate(names: readonly string[], place: string): string[] | undefined {
  const { resolve } = createRequire(place)
  try {
    return names.map((name) => pathToFileURL(resolve(name)).href)
  } catch {
    return undefined
  }
}
