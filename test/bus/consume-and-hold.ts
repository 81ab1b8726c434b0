/** A process that takes a batch from Kafka and never finishes it: `consume-and-hold.js BROKER PREFIX`. */
import type { BusMessage } from '../../src/bus/index.js'
import { kafkaBuses } from './kafka-buses.js'

const [address = '', kafkaTopicPrefix = ''] = process.argv.slice(2)
const { openBus } = kafkaBuses(address)
const bus = await openBus({ kafkaTopicPrefix })
await bus.consume((batch: readonly BusMessage[]) => {
  process.stdout.write(`${batch.length} in hand\n`)
  return new Promise(() => {})
})
