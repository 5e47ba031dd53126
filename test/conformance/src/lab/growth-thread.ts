/** A thread in which an input decodes ever longer messages: it can be ended where one takes too long. */
import { parentPort, workerData } from 'node:worker_threads'
import { Host } from '../host/host.ts'
import { importDefinition } from '../subject/definition.ts'
import { openGeneration } from '../subject/generation.ts'
import { messageOf as textOf } from '../subject/message.ts'
import { readPackage } from '../subject/plugin-package.ts'
import { cpuMs } from '../time.ts'
import { decode, messageOf } from '../work/decode.ts'
import { growing } from '../work/growing.ts'
import type { Growing } from '../work/growing.ts'
import type { GrowthData, GrowthNote } from './growth.ts'

/** What is quicker is not looked at: noise has no part in it then. */
const FLOOR_MS = 100
/** Four times the length takes four times as long, a little more where memory is short, and 16 times where each part meets each other one. */
const STEP = 4
const MOST_TIMES = 10
const LOOKS = 3
/** No collector takes so long. */
const NO_NOISE_MS = 500
/** Of this thread's own time, however many there are to try. */
const BUDGET_MS = 2500

const { folder, scratch, options, example, contentType } = workerData as GrowthData
const tell = (note: GrowthNote): void => parentPort!.postMessage(note, [])
let spentMs = 0

try {
  const definition = await importDefinition(readPackage(folder))
  const owner = { instance: 'growing', generation: 1 }
  const generation = await openGeneration(definition, new Host(scratch), owner, options)
  const costOf = (probe: Growing, length: number): number => {
    const message = messageOf(probe.ofLength(length), contentType)
    tell({ trying: { what: probe.what, bytes: message.body.length } })
    const beganMs = cpuMs()
    decode(generation.session, message)
    const ms = cpuMs() - beganMs
    spentMs += ms
    return ms
  }
  tell({ slow: firstSlow(costOf) })
  await generation.close()
} catch (error) {
  tell({ failed: textOf(error) })
}

function firstSlow(costOf: (probe: Growing, length: number) => number): GrowthNote['slow'] {
  /** The least of several looks, or what it takes at once where that is no noise. */
  const leastOf = (probe: Growing, length: number): number => {
    let least = Infinity
    for (let look = 0; look < LOOKS && (look === 0 || least < NO_NOISE_MS); look++)
      least = Math.min(least, costOf(probe, length))
    return least
  }
  for (const probe of growing(example))
    for (const length of probe.lengths) {
      if (spentMs > BUDGET_MS) return undefined
      const firstMs = costOf(probe, length)
      if (firstMs < FLOOR_MS) continue
      const ms = firstMs < NO_NOISE_MS ? Math.min(firstMs, leastOf(probe, length)) : firstMs
      const shorter = Math.ceil(length / STEP)
      const shorterMs = leastOf(probe, shorter)
      if (ms >= FLOOR_MS && ms > MOST_TIMES * shorterMs)
        return { what: probe.what, bytes: length, ms, shorter, shorterMs }
      // It is slow, and no more than that: longer ones would only take longer.
      break
    }
  return undefined
}
