import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Admission } from '../../../src/store/embedded/admission.js'
import { faultOf } from '../../../src/store/embedded/fault.js'

const never = new AbortController().signal

/** Work that lasts until it is let go. */
function held() {
  let release = (): void => undefined
  const done = new Promise<void>((resolve) => {
    release = resolve
  })
  return { work: () => done, release }
}

test('as many run as there are slots, as many wait as there are places, the next is refused', async () => {
  const admission = new Admission(2, 1)
  const holds = [held(), held(), held()]
  const started: number[] = []
  const runs = holds.map((hold, index) =>
    admission.run(never, () => {
      started.push(index)
      return hold.work()
    }),
  )
  await assert.rejects(
    admission.run(never, () => Promise.resolve()),
    (error) => faultOf(error).code === 202,
  )
  assert.deepEqual(started, [0, 1])
  for (const hold of holds) hold.release()
  await Promise.all(runs)
  assert.deepEqual(started, [0, 1, 2])
  assert.equal(await admission.run(never, () => Promise.resolve('free again')), 'free again')
})

test('a slot comes back when the work fails, and whoever left does not run', async () => {
  const admission = new Admission(1, 1)
  const hold = held()
  const failing = admission.run(never, async () => {
    await hold.work()
    throw new Error('failed')
  })
  const left = new AbortController()
  const waiting = admission.run(left.signal, () => Promise.reject(new Error('it ran')))
  left.abort()
  hold.release()
  await assert.rejects(failing, /failed/)
  await assert.rejects(waiting, (error) => faultOf(error).code === 394)
  assert.equal(await admission.run(never, () => Promise.resolve(1)), 1)
})
