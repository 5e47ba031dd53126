import { isDeepStrictEqual } from 'node:util'
import { seededRandom } from '@smart-gateway/sdk/testing'
import type { Check } from '../check.ts'
import { KINDS } from '../check.ts'
import { ensure, fail, notRun } from '../finding.ts'
import { inThread } from '../lab/in-thread.ts'
import type { Subject } from '../subject/subject.ts'
import { crossing } from '../work/crossing.ts'
import { exercise } from '../work/exercise.ts'

/** In the gateway's thread, and in one of its own. */
export const ISOLATION: readonly Check[] = [
  {
    id: 'isolation.worker',
    level: 'must',
    clauses: ['W-1', 'W-2'],
    kinds: ['input', 'output', 'filter'],
    async run(subject) {
      const inline = await saidInline(subject)
      if (subject.definition.kind === 'filter' && !isDeepStrictEqual(inline, await saidInline(subject, 2)))
        notRun('it does not do the same twice in one thread either')
      const { failed, said } = await inThread(subject, { scenario: 'work', lendsSockets: false })
      const did = 'opened it in a thread, in which columns come as Float64Array and no socket is lent'
      if (failed?.code === 'SG_PORT_REFUSED') notRun('it needs context.sockets, and runs inline only')
      if (failed !== undefined)
        fail({ did, saw: failed.message, hint: 'It works inline: what does it need that a thread has not?' })
      ensure(isDeepStrictEqual(said, structuredClone(inline)), {
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

/** What it says to the same work each time, in this thread. */
async function saidInline(subject: Subject, generation = 1): Promise<readonly unknown[]> {
  const { session } = await subject.open(generation === 1 ? {} : { generation })
  const { definition, seed } = subject
  const task = { session, definition, subscription: undefined, random: seededRandom(seed) }
  return (await exercise(task)).map(crossing)
}
