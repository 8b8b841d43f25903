import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { errorText, StreamError } from './errors.js'
import { requireTrusted } from './files/trust.js'

/**
 * A file that this package ships beside its code. The sources lie in folders, the built program in few files
 * of one folder: only from here is the way to the package the same in both.
 */
export function packageFile(path: string): URL {
  return new URL(`../${path}`, import.meta.url)
}

const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as {
  version: string
}

/** The version of this package. */
export const VERSION = version

const requireFromHere = createRequire(import.meta.url)

/**
 * Loads a CommonJS library the way it is written; `Library` is its type. An `import` has Node search each
 * of its files for the names it exports first, which for the libraries of a plain run is a tenth of the
 * time to the first record.
 */
export function loadCommonJs<Library>(name: string): Library {
  return requireFromHere(name) as Library
}

/** Optional packages that an output needs. */
type NeededPackages = {
  /** The TYPE, as messages name it: `nats://`. */
  readonly type: string
  readonly names: readonly string[]
}

/** Where optional packages are looked for: beside the program first, then from the current folder. */
export function packagePlaces(cwd: string): readonly string[] {
  return [import.meta.url, join(cwd, 'package.json')]
}

/**
 * Imports optional packages from the first place that has all of them.
 * @param places files from which Node looks for `node_modules`: see {@link packagePlaces}
 * @returns what each of them exports, in their order
 * @throws StreamError `exporter-unusable` with the command that installs them, or where another user may
 *   have put them there
 */
export async function loadPackages(
  needed: NeededPackages,
  places: readonly string[],
): Promise<unknown[]> {
  for (const place of places) {
    const found = locate(needed.names, place)
    if (!found) continue
    // Node looks in every folder above, too: in /tmp/node_modules for a program that runs in /tmp/work.
    for (const file of found) await requireTrusted(file)
    try {
      return await Promise.all(found.map((file) => import(pathToFileURL(file).href)))
    } catch (error) {
      throw notInstalled(needed, `whose installation is broken (${errorText(error)})`)
    }
  }
  throw notInstalled(needed, 'installed neither in this folder nor beside the program')
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
    return names.map((name) => resolve(name))
  } catch {
    return undefined
  }
}
