import { isDeepStrictEqual } from 'node:util'
import { seededRandom } from '@smart-gateway/sdk/testing'
import type { Check } from '../check.ts'
import { KINDS } from '../check.ts'
import { ensure, notRun } from '../finding.ts'
import type { Isolation } from '../isolation.ts'
import { crossing } from '../work/crossing.ts'
import { exercise } from '../work/exercise.ts'

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
]
