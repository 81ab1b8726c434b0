// A process that supervises an embedded engine on the folder of its argument, to be killed by a test.
import { quiet, startEngine } from './embedded.js'

const [, , dataDir = ''] = process.argv
const engine = await startEngine(dataDir, { log: quiet })
process.send?.({ childPid: engine.childPid })
