import type { Check } from '../check.ts'
import { ensure, notRun, notTried } from '../finding.ts'
import { CYCLES, PASSING, inThread } from '../lab/in-thread.ts'
import { SIGNALS } from '../work/batches.ts'

/** What a plugin remembers of records that it has passed on. */
export const MEMORY: readonly Check[] = [
  {
    id: 'filter.memory',
    level: 'should',
    clauses: ['F-10'],
    kinds: ['filter'],
    async run(subject) {
      // Where it does not open, there is nothing to look at.
      await (await subject.open({ instance: 'probe' })).close()
      let note = await inThread(subject, { scenario: 'pass' })
      // The collector has moods: what grows does so a second time.
      if (note.growth > CYCLES.mostGrowth) note = await inThread(subject, { scenario: 'pass' })
      if (note.failed !== undefined) notTried(`in a thread it fails: ${note.failed.message}`)
      const { cycles, growth } = note
      if (cycles === 0) notRun('it is too slow for so many records')
      const records = cycles * SIGNALS.length * PASSING.length
      ensure(growth <= CYCLES.mostGrowth, {
        did: `applied it in a thread to ${records} records of series that come no more, after as many before`,
        saw: `the heap grew by ${Math.round(growth / records)} bytes for each`,
        hint: 'Keep what is known of a series in a WeakMap, by that series, or bound what is remembered.',
      })
    },
  },
]
