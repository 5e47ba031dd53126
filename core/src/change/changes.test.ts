import { expect, test } from 'vitest'
import { recordingLog } from '../testing/log-lines.ts'
import { Changes } from './changes.ts'

test('a hundred changes may wait; a further one that is asked for is refused, what a file tells never is', async () => {
  const changes = new Changes(recordingLog().log)
  const first = Promise.withResolvers<void>()
  for (let i = 0; i < 100; i++) changes.add('api', `change ${i}`, () => first.promise)
  expect(() => changes.add('api', 'one more', async () => {})).toThrow(
    expect.objectContaining({ code: 'SG_TOO_MANY_CHANGES' }) as Error,
  )
  const followed = changes.add('file', 'an edit', async () => {})
  first.resolve()
  await followed.done
  expect(changes.isIdle).toBe(true)
  await changes.add('api', 'one more', async () => {}).done
})
