import { mkdirSync, writeFileSync } from 'node:fs'
import { typeFiles } from './type-text.js'

const folder = new URL('../src/schema/types/', import.meta.url)
mkdirSync(new URL('newcentral/', folder), { recursive: true })
for (const [name, text] of typeFiles()) writeFileSync(new URL(name, folder), text)
