import { mkdirSync, writeFileSync } from 'node:fs'
import { compiledSchemas } from './compiled-schemas.js'
import { topicsPage } from './topics-page.js'
import { typeFiles } from './type-text.js'

const root = new URL('../', import.meta.url)
const compiled = new URL('proto/compiled/', root)
for (const service of ['classic', 'newcentral']) {
  mkdirSync(new URL(`${service}/`, compiled), { recursive: true })
}
for (const [name, text] of compiledSchemas()) writeFileSync(new URL(name, compiled), text)
const types = new URL('src/schema/types/', root)
mkdirSync(new URL('newcentral/', types), { recursive: true })
for (const [name, text] of typeFiles()) writeFileSync(new URL(name, types), text)
writeFileSync(new URL('docs/topics.md', root), topicsPage())
