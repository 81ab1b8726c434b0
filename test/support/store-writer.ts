/** A process that keeps events in the embedded store of a folder until somebody kills it: one line for each acknowledged batch. */
import { pino } from 'pino'
import { openStore } from '../../src/store/index.js'
import { auditEvent } from './events.js'

const [dataDir = ''] = process.argv.slice(2)
const store = await openStore({
  config: {
    dataDir,
    spoolDir: '',
    durability: 'process',
    retentionDays: 0,
    clickhouseUrl: '',
    clickhouseUser: '',
    clickhousePassword: '',
    clickhouseReaderUser: '',
    clickhouseReaderPassword: '',
    clickhouseCluster: '',
    clickhouseDatabase: 'watchkeeper',
  },
  log: pino({ level: 'silent' }),
  now: () => Date.now() * 1000,
})
for (let batch = 0; ; batch++) {
  // Both sides of 50 calls.
  const events = Array.from({ length: 50 }, (_, index) => `${batch}-${index}`).flatMap((call) => [
    auditEvent({ eventId: `client-${call}`, requestId: call }),
    auditEvent({ eventId: `server-${call}`, requestId: call, side: 'server', role: 'server', owner: 'key-s' }),
  ])
  await store.insertEvents(events)
  process.stdout.write(`${batch}\n`)
}
