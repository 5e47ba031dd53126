import { expect, test } from 'vitest'
import { HandOver } from './hand-over.ts'

/** A hand-over of numbers, and what became of them. */
function bench() {
  const errors: string[] = []
  const discarded: number[] = []
  const handOver = new HandOver<number>(
    (error) => errors.push((error as Error).message),
    (item) => discarded.push(item),
  )
  return {
    handOver,
    errors,
    discarded,
    receive: (...items: number[]) => items.forEach((item) => handOver.receive(item)),
    claim(instance: string, generation: number, take?: (item: number) => void) {
      const taken: number[] = []
      const claim = { owner: { instance, generation }, take: take ?? ((item: number) => taken.push(item)) }
      return { taken, claim, refusedBy: handOver.add(claim)?.instance }
    },
  }
}

test('what arrives before the first activation waits, in order', () => {
  const { handOver, claim, receive } = bench()
  receive(1)
  const { claim: first, taken } = claim('a', 1)
  receive(2)
  expect(taken).toEqual([])
  handOver.activate(first)
  receive(3)
  expect(taken).toEqual([1, 2, 3])
})

test('the old generation is handed what arrives until the new one is active, and nothing after', () => {
  const { handOver, claim, receive } = bench()
  const old = claim('a', 1)
  handOver.activate(old.claim)
  const next = claim('a', 2)
  receive(1)
  handOver.activate(next.claim)
  receive(2)
  handOver.remove(old.claim)
  receive(3)
  expect([old.taken, next.taken]).toEqual([[1], [2, 3]])
})

test('what arrives between the end of the old generation and the activation of the new one waits', () => {
  const { handOver, claim, receive } = bench()
  const old = claim('a', 1)
  handOver.activate(old.claim)
  const next = claim('a', 2)
  handOver.remove(old.claim)
  receive(1, 2)
  handOver.activate(next.claim)
  expect([old.taken, next.taken]).toEqual([[], [1, 2]])
})

test('a new generation that goes before it was active leaves the old one untouched', () => {
  const { handOver, claim, receive } = bench()
  const old = claim('a', 1)
  handOver.activate(old.claim)
  const next = claim('a', 2)
  handOver.remove(next.claim)
  handOver.activate(next.claim)
  receive(1)
  expect([old.taken, next.taken, handOver.claimed]).toEqual([[1], [], true])
})

test('another instance is refused, and so is the same generation twice', () => {
  const { claim, handOver } = bench()
  expect(claim('a', 1).refusedBy).toBeUndefined()
  expect(claim('b', 1).refusedBy).toBe('a')
  expect(claim('a', 1).refusedBy).toBe('a')
  expect(claim('a', 2).refusedBy).toBeUndefined()
  expect(handOver.claimed).toBe(true)
})

test('a thousand wait and no more; how many were let go is told', () => {
  const { handOver, claim, receive, discarded, errors } = bench()
  for (let i = 0; i < 1005; i++) receive(i)
  expect(discarded).toEqual([1000, 1001, 1002, 1003, 1004])
  const { claim: first, taken } = claim('a', 1)
  handOver.activate(first)
  expect(taken.length).toBe(1000)
  expect(errors).toEqual(['5 came while no plugin took them, and were let go: 1000 wait at most'])
})

test('what still waits at the end is discarded and told', () => {
  const { handOver, receive, discarded, errors } = bench()
  receive(1, 2)
  handOver.end()
  handOver.end()
  expect(discarded).toEqual([1, 2])
  expect(errors).toEqual(['2 came while no plugin took them, and were let go: 1000 wait at most'])
})

test('what a handler throws is told, what it did not take is discarded, and the next is handed on', () => {
  const { handOver, claim, receive, discarded, errors } = bench()
  const taken: number[] = []
  const { claim: first } = claim('a', 1, (item) => {
    if (item === 2) throw new Error('not two')
    taken.push(item)
  })
  receive(1, 2, 3)
  handOver.activate(first)
  expect([taken, discarded, errors]).toEqual([[1, 3], [2], ['not two']])
})
