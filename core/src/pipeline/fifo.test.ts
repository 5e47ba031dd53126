import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { seededRandom } from '@smart-gateway/sdk/testing'
import { expect, test } from 'vitest'
import { Fifo } from './fifo.ts'

test.each(Array.from({ length: 20 }, (_, index) => index + 1))('does what a list does (seed %i)', (seed) => {
  const random = seededRandom(seed)
  const fifo = new Fifo<number>()
  let list: number[] = []
  // Grows, and shrinks to nothing, again and again.
  for (let step = 0; step < 5000; step++) {
    const isGrowing = Math.sin(step / 100) > 0
    const choice = random()
    if (choice < (isGrowing ? 0.6 : 0.3)) {
      fifo.push(step)
      list.push(step)
    } else if (choice < 0.95) expect(fifo.shift()).toBe(list.shift())
    else if (choice < 0.97) {
      fifo.unshift([-step, step])
      list.unshift(-step, step)
    } else if (choice < 0.99) {
      fifo.replaceFirst(-step)
      if (list.length > 0) list[0] = -step
    } else if (choice < 0.992) {
      expect(fifo.drain()).toEqual(list)
      list = []
    }
    expect([fifo.length, fifo.first]).toEqual([list.length, list[0]])
    if (step % 50 === 0) expect([...fifo]).toEqual(list)
  }
})

test('what has left is not held any more', async () => {
  const fifo = new Fifo<object>()
  const items = Array.from({ length: 100 }, () => {
    const item = {}
    fifo.push(item)
    return new WeakRef(item)
  })
  for (let i = 0; i < 10; i++) fifo.shift()
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // A weak reference holds until the turn in which it was made is over.
  await new Promise(setImmediate)
  collect()
  expect(items.filter((item) => item.deref() !== undefined)).toHaveLength(90)
})
