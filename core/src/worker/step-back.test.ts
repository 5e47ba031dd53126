import { readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { steppingBack } from './step-back.ts'

test.runIf(process.platform === 'linux')('a thread steps back, and none but it', async () => {
  const others = priorities()
  const worker = steppingBack(
    7,
    () => new Worker("require('node:worker_threads').parentPort.once('message', () => {})", { eval: true }),
  )
  await once(worker, 'online')
  const now = priorities()
  const added = [...now.keys()].filter((thread) => !others.has(thread))
  expect(added.map((thread) => now.get(thread))).toEqual([7])
  for (const [thread, nice] of others) if (now.has(thread)) expect(now.get(thread)).toBe(nice)
  expect(getPriority()).toBe(0)
  await worker.terminate()
})

/** Of this process's threads, by their number: the 19th member of their status, which follows a name that may hold anything. */
function priorities(): ReadonlyMap<string, number> {
  return new Map(
    readdirSync('/proc/self/task').map((thread) => {
      const members = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')
      return [thread, Number(members[16])]
    }),
  )
}
