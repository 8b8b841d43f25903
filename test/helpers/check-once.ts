/** Checks one entry on the host that the first argument names and prints what is said of it. */
import { formatCheck } from '../../src/commands/check-report.js'
import { check, checkEntry, reportOf } from './check.js'

const [, , url = '', key = ''] = process.argv
const results = await check([checkEntry('A', 'monitoring', key, url)])
const report = reportOf(results)
process.stdout.write(formatCheck(report, { columns: undefined, colour: false }))
