import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'

/**
 * Bundles a script of this folder as `npm run build` bundles the program. The loader that runs TypeScript would
 * slow down what is measured: it wraps each function.
 * @param name without `.mjs`
 * @returns the path of the bundle, from which paths to the project's folders hold as from here
 */
export function bundled(name: string): string {
  const outfile = fileURLToPath(new URL(`../build/${name}.mjs`, import.meta.url))
  buildSync({
    entryPoints: [fileURLToPath(new URL(`./${name}.mjs`, import.meta.url))],
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20',
    format: 'esm',
    outfile,
    logLevel: 'warning',
  })
  return outfile
}
