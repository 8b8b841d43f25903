/**
 * The stand-in for Central as a process of its own: sends its URL to the parent, and then a message for each
 * socket that is open. Lives as long as the parent.
 */
import { startCentral } from '../src/simulator/central.js'

const central = await startCentral()
central.on('opened', ({ topic }) => process.send?.({ opened: topic }))
process.on('disconnect', () => central.close())
process.send?.({ url: central.url })
