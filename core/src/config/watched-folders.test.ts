import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { scratch } from '../testing/scratch.ts'
import { until } from '../testing/until.ts'
import { WatchedFolders } from './watched-folders.ts'

test('what is written beside a file is no event: an output may write there all the time', async () => {
  const folder = scratch()
  const path = join(folder, 'startup.yaml')
  writeFileSync(path, 'old')
  const onEvent = vi.fn<() => void>()
  const folders = new WatchedFolders(onEvent, (error) => expect.unreachable(error.message))
  onTestFinished(() => folders.close())
  folders.follow([path])
  for (let i = 0; i < 100; i++) appendFileSync(join(folder, 'records.jsonl'), 'x\n')
  await delay(200)
  expect(onEvent).not.toHaveBeenCalled()
  appendFileSync(path, 'new')
  await until('it is told', () => onEvent.mock.calls.length > 0)
  const other = join(folder, 'records.jsonl')
  onEvent.mockClear()
  folders.follow([path, other])
  appendFileSync(other, 'x\n')
  await until('a file that is followed later is told', () => onEvent.mock.calls.length > 0)
})
