import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { Worker } from 'node:worker_threads'
import { expect, onTestFinished, test } from 'vitest'
import { steppingBack } from './step-back.ts'

const WAITS = "require('node:worker_threads').parentPort.once('message', () => {})"

test.runIf(process.platform === 'linux').each([
  [3, (own: number) => own + 3],
  [40, () => 19],
])('a thread steps back by %i at most as far as there is, and none but it', async (steps, expected) => {
  const own = getPriority()
  const before = priorities()
  const worker = steppingBack(steps, () => new Worker(WAITS, { eval: true }))
  onTestFinished(async () => void (await worker.terminate()))
  await once(worker, 'online')
  const after = priorities()
  const added = [...after.keys()].filter((thread) => !before.has(thread))
  expect(added.map((thread) => after.get(thread))).toEqual([expected(own)])
  for (const [thread, nice] of before) expect([nice, undefined]).toContain(after.get(thread))
  expect(getPriority()).toBe(own)
})

/** Of this process's threads, by their number. */
function priorities(): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const thread of readdirSync('/proc/self/task')) {
    try {
      const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8')
      // The 19th member; the second is a name in brackets that may hold anything.
      found.set(thread, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]))
    } catch {
      // It has ended meanwhile.
    }
  }
  return found
}
