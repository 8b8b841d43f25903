/** The stand-in for Central as a process of its own: sends its URL to the parent and lives as long. */
import { startCentral } from '../src/simulator/central.js'

const central = await startCentral()
process.on('disconnect', () => central.close())
process.send?.({ url: central.url })
