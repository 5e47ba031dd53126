import { expect, test } from 'vitest'
import { deadMessage, openStore } from '../testing/dead-letter-store.ts'
import { scratch } from '../testing/scratch.ts'
import { until } from '../testing/until.ts'
import type { Letter } from './letter.ts'
import { Replay } from './replay.ts'

const bodyOf = ({ body }: Letter): string => body.toString()

test('letters that are delivered go, the oldest first; those that fail stay with the new reason and are counted', async () => {
  const letters = await openStore(scratch())
  await letters.add(['a', 'bad', 'c', 'd'].map((body) => deadMessage(body)))
  await letters.add([deadMessage('e', { instance: 'logs' })])
  const delivered: string[] = []
  const replay = new Replay(letters, async (letter) => {
    if (bodyOf(letter) === 'bad') throw new Error('still bad', { cause: new Error('no "}"') })
    delivered.push(bodyOf(letter))
  })
  expect(await replay.run({ all: true, instance: 'collectd' })).toEqual({
    replayed: 3,
    failed: 1,
    failures: [{ id: 2, reason: 'still bad: no "}"' }],
    waiting: [],
    left: 0,
  })
  expect(delivered).toEqual(['a', 'c', 'd'])
  expect(await letters.list({ limit: 9 })).toMatchObject([
    { id: 5, replays: 0 },
    { id: 2, replays: 1, reason: 'still bad: no "}"' },
  ])
  expect(letters.counts).toMatchObject({ letters: 2, replayed: 3, dropped: 0 })
  await replay.run({ ids: [2] })
  expect(await letters.get(2)).toMatchObject({ replays: 2 })
})

test('a letter that dies again is the same letter with a new reason, whatever became of its delivery', async () => {
  const letters = await openStore(scratch())
  await letters.add([deadMessage('resolves'), deadMessage('rejects')])
  const replay = new Replay(letters, async (letter) => {
    await letters.add([deadMessage(letter.body, { letter: letter.id, reason: 'died again', generation: 9 })])
    if (bodyOf(letter) === 'rejects') throw new Error('refused')
  })
  const summary = await replay.run({ all: true })
  expect(summary).toMatchObject({ replayed: 0, failed: 2 })
  expect(summary.failures.find(({ id }) => id === 1)).toEqual({ id: 1, reason: 'died again' })
  expect(await letters.list({ limit: 9 })).toMatchObject([
    { id: 2, reason: 'died again', generation: 9, replays: 1 },
    { id: 1, reason: 'died again', generation: 9, replays: 1 },
  ])
  expect(letters.counts).toMatchObject({ letters: 2, kept: 2, replayed: 0 })
})

test('a letter that dies again after it was dropped is kept anew: nothing is lost', async () => {
  const letters = await openStore(scratch())
  await letters.add([deadMessage('one')])
  await letters.drop({ all: true })
  await letters.add([deadMessage('one', { letter: 1 })])
  expect(await letters.list({ limit: 9 })).toMatchObject([{ id: 2, replays: 0 }])
})

test('a record that a replayed message was decoded to is a letter of its own', async () => {
  const letters = await openStore(scratch())
  await letters.add([deadMessage('one')])
  const record = {
    index: 'i',
    timeMs: 1,
    severity: 'info',
    publisher: 'p',
    labels: {},
    message: 'm',
  } as const
  const dead = {
    kind: 'record',
    instance: 'loki',
    generation: 1,
    reason: 'old',
    input: 'logs',
    letter: 1,
  } as const
  const replay = new Replay(letters, async () => {
    await letters.add([{ ...dead, signal: 'log', record }])
  })
  expect(await replay.run({ all: true })).toMatchObject({ replayed: 1 })
  expect(await letters.list({ limit: 9 })).toMatchObject([{ id: 2, kind: 'record' }])
})

test('a scrubbed letter is only replayed with force', async () => {
  const letters = await openStore(scratch(), { secrets: ['s3cret'] })
  await letters.add([deadMessage('my s3cret')])
  const delivered: string[] = []
  const replay = new Replay(letters, async (letter) => void delivered.push(bodyOf(letter)))
  const { failures } = await replay.run({ all: true })
  expect(failures[0]!.reason).toContain('a secret was taken out of it')
  expect(delivered).toEqual([])
  expect(await replay.run({ all: true }, { force: true })).toMatchObject({ replayed: 1 })
  expect(delivered).toEqual(['my [secret]'])
})

test('no more than 16 are under way; when they do not get on the rest is left, and they go when they are delivered after all', async () => {
  const letters = await openStore(scratch())
  await letters.add(Array.from({ length: 50 }, (_, i) => deadMessage(String(i))))
  let begun = 0
  const accept: (() => void)[] = []
  const replay = new Replay(
    letters,
    () => {
      begun++
      return new Promise((resolve) => accept.push(resolve))
    },
    50,
  )
  const summary = await replay.run({ all: true })
  expect(begun).toBe(16)
  expect(summary).toMatchObject({ replayed: 0, failed: 0, left: 34 })
  expect(summary.waiting.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1))
  const again = await replay.run({ ids: [1, 99] })
  expect(again.failures).toEqual([
    { id: 1, reason: 'it is being replayed already' },
    { id: 99, reason: 'there is no such letter' },
  ])
  for (const resolve of accept) resolve()
  await until('they have gone', () => letters.counts.letters === 34)
  expect(letters.counts).toMatchObject({ replayed: 16 })
})
