import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { Scrubber } from '../config/secrets.ts'
import { recordingLog } from '../testing/log-lines.ts'
import { scratch } from '../testing/scratch.ts'
import { DeadLetterBox } from './dead-letter-box.ts'
import { deadLetterFile } from './dead-letters.ts'
import type { NewLetter } from './letter.ts'

const letter: NewLetter = {
  kind: 'message',
  instance: 'x',
  generation: 1,
  reason: 'not JSON',
  message: { body: Buffer.from('{') },
}

function makeBox(stateFolder = scratch()) {
  const { log, lines } = recordingLog()
  const limits = { maxBytes: 2 ** 20, whenFull: 'dropOldest' } as const
  const box = new DeadLetterBox({ stateFolder, limits, scrubber: new Scrubber(), log })
  onTestFinished(() => box.close())
  return { box, lines, file: deadLetterFile(stateFolder) }
}

test('the store is made with the first letter, and not before', async () => {
  const { box, file } = makeBox()
  expect([existsSync(file), box.counts.letters]).toEqual([false, 0])
  expect(await Promise.all([box.add([letter]), box.add([letter])])).toEqual([
    { kept: 1, notKept: 0 },
    { kept: 1, notKept: 0 },
  ])
  expect([existsSync(file), box.counts.letters, box.counts.kept]).toEqual([true, 2, 2])
})

test('without a store a flood of letters is counted, and said once', async () => {
  const folder = scratch()
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    deadLetterFile(folder),
    'this is no database, but it is long enough to be taken for something',
  )
  const { box, lines } = makeBox(folder)
  for (let i = 0; i < 10; i++) expect(await box.add([letter])).toMatchObject({ kept: 0, notKept: 1 })
  expect(box.counts.notKept).toBe(10)
  expect(lines.filter(({ code }) => code === 'SG_DEAD_LETTERS_FAILED')).toHaveLength(1)
})

test('after close nothing is opened any more', async () => {
  const { box, file } = makeBox()
  await box.close()
  expect(await box.add([letter])).toMatchObject({ kept: 0, notKept: 1 })
  expect(existsSync(join(file))).toBe(false)
})
