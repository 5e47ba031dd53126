import { isDeepStrictEqual } from 'node:util'
import { seededRandom } from '@smart-gateway/sdk/testing'
import type { Check } from '../check.ts'
import { KINDS } from '../check.ts'
import { ensure, notRun } from '../finding.ts'
import type { Isolation } from '../isolation.ts'
import type { AnySession } from '../subject/generation.ts'
import type { Subject } from '../subject/subject.ts'
import { cpuMs, ending } from '../time.ts'
import { SIGNALS, markedBatch } from '../work/batches.ts'
import { crossing } from '../work/crossing.ts'
import { decode, exampleOf } from '../work/decode.ts'
import { exercise } from '../work/exercise.ts'
import { signalsOf } from '../work/write.ts'

/** In the gateway's thread, and in one of its own. */
export const ISOLATION: readonly Check[] = [
  {
    id: 'isolation.worker',
    level: 'must',
    clauses: ['W-1', 'W-2'],
    kinds: ['input', 'output'],
    async run(subject) {
      const { definition, seed } = subject
      const saidIn = async (isolation: Isolation): Promise<readonly unknown[]> => {
        const { session, close } = await subject.open({
          generation: isolation === 'inline' ? 1 : 2,
          isolation,
        })
        if (session.start !== undefined) notRun('it brings what its peer brings: see source.once')
        const random = seededRandom(seed)
        const said = await exercise({ session, definition, subscription: undefined, random })
        await close()
        return said.map(crossing)
      }
      const did = 'let it work inline, then in a thread, in which columns come as Float64Array'
      const [here, there] = [await saidIn('inline'), await saidIn('worker')]
      ensure(isDeepStrictEqual(there, here), {
        did,
        saw: 'it does something else there than inline',
        hint: 'Read batches by index; throw errors with properties, they cross without their class.',
      })
    },
  },
  {
    id: 'isolation.quiet',
    level: 'should',
    clauses: ['L-15'],
    kinds: KINDS,
    async run(subject) {
      const before = subject.printed.length
      const { session } = await subject.open()
      const { definition, random } = subject
      await exercise({ session, definition, subscription: await subject.subscription(), random })
      await session.stop?.()
      ensure(subject.printed.length === before, {
        did: 'opened, used and stopped it',
        saw: `it printed ${JSON.stringify(subject.printed.slice(before).join('').slice(0, 200))}`,
        hint: 'Use context.log: its lines carry the name of the instance, and secrets are scrubbed.',
      })
    },
  },
  {
    id: 'isolation.yields',
    level: 'should',
    clauses: ['W-5'],
    kinds: ['input', 'filter', 'output'],
    async run(subject) {
      const { session } = await subject.open()
      for (const { what, work } of stepsOf(subject, session)) {
        // A busy machine costs an attempt, a step that is too long all of them.
        let leastMs = Infinity
        for (let i = 0; i < ATTEMPTS && leastMs > HOLD_MS; i++)
          leastMs = Math.min(leastMs, await heldMs(work))
        ensure(leastMs <= HOLD_MS, {
          did: `${what}, ${ATTEMPTS} times`,
          saw: `it never took less than ${Math.round(leastMs)} ms of the processor before it let go of the thread`,
          hint: `The gateway does nothing else meanwhile: go on after ${HOLD_MS} ms in a turn to come (await setImmediate), or in a thread of your own.`,
        })
      }
    },
  },
]

/** What W-5 grants to a step. */
const HOLD_MS = 100
const ATTEMPTS = 5
/** As many records as the gateway writes at once where nothing else is said. */
const BATCH = 1000

interface StepOfWork {
  readonly what: string
  work(): unknown
}

/** What the gateway asks of it again and again, in the usual size. */
function stepsOf(subject: Subject, session: AnySession): readonly StepOfWork[] {
  const { definition, random } = subject
  if (session.start !== undefined) notRun('it brings what its peer brings')
  if (session.decode !== undefined) {
    const message = exampleOf(subject)
    return [{ what: 'decoded its example', work: () => decode(session, message) }]
  }
  const [signals, verb] =
    session.write === undefined
      ? ([SIGNALS, 'filtered'] as const)
      : ([signalsOf(definition), 'wrote'] as const)
  return signals.map((signal) => {
    const { batch } = markedBatch(signal, BATCH, random)
    const work = (): unknown => session.write?.(batch as never) ?? session.apply?.(batch)
    return { what: `${verb} a batch of ${BATCH} (${signal})`, work }
  })
}

/** How long a piece of work holds the thread when it begins, of the processor's time; what it does later is not told from what its peer does. */
async function heldMs(work: () => unknown): Promise<number> {
  let beganMs = 0
  let done: Promise<unknown> | undefined
  // Of two callbacks of one turn the second comes once all that the first one leads to waits for something.
  setImmediate(() => {
    beganMs = cpuMs()
    done = ending(work)
  })
  const endedMs = await new Promise<number>((resolve) => setImmediate(() => resolve(cpuMs())))
  await done
  return endedMs - beganMs
}
