import { mkdirSync, writeFileSync } from 'node:fs'
import { topicsPage } from './topics-page.js'
import { typeFiles } from './type-text.js'

const root = new URL('../', import.meta.url)
const types = new URL('src/schema/types/', root)
mkdirSync(new URL('newcentral/', types), { recursive: true })
for (const [name, text] of typeFiles()) writeFileSync(new URL(name, types), text)
writeFileSync(new URL('docs/topics.md', root), topicsPage())
