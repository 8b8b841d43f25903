#!/usr/bin/env node
// The program does not load in a Node.js that is too old: it says `SyntaxError`, and not what to do. This file
// loads in any version.
import { readFileSync } from 'node:fs'

import('../dist/cli.js').catch((error) => {
  const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  const needed = engines.node.replace('>=', '')
  const { node } = process.versions
  if (node.localeCompare(needed, 'en', { numeric: true }) >= 0) throw error
  process.stderr.write(
    `aruba-stream needs Node.js ${needed} or newer, from https://nodejs.org; this is ${node} (${process.execPath})\n`,
  )
  process.exitCode = 2
})
