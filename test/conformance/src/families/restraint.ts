import type { Batch, Signal } from '@smart-gateway/sdk'
import type { Check } from '../check.ts'
import { ensure, notRun } from '../finding.ts'
import { messageOf } from '../subject/message.ts'
import type { Subject } from '../subject/subject.ts'
import { Applied, batches, isAsGiven } from '../work/applied.ts'
import { SIGNALS, copyOf } from '../work/batches.ts'

/** What a filter leaves as it is. */
export const RESTRAINT: readonly Check[] = [
  {
    id: 'filter.same-batch',
    level: 'should',
    clauses: ['F-5'],
    kinds: ['filter'],
    async run(subject) {
      const filter = await Applied.open(subject)
      let count = 0
      for (const batch of batches(subject)) {
        const before = copyOf(batch)
        const fate = filter.fateOf(batch)
        if (!('made' in fate) || !isAsGiven(fate.made, before)) continue
        count++
        ensure(fate.made === batch, {
          did: `applied it to a batch of ${batch.length} (${batch.signal}) of which everything goes on`,
          saw: 'it returned another batch with the same in it',
          hint: 'Return the batch itself where nothing is taken away or changed, as keepRecords of the SDK does: a copy costs time and memory.',
        })
      }
      if (count === 0) notRun('it left none of the batches as it was')
    },
  },
  {
    id: 'filter.defaults',
    level: 'should',
    clauses: ['F-9'],
    kinds: ['filter'],
    async run(subject) {
      const { options } = subject.definition
      if (Object.keys(options.properties ?? {}).length === 0) notRun('it has no options')
      if (subject.validator.mistakeIn(options, {}) !== undefined)
        notRun('an option has to be given: it has no defaults that would do')
      const filter = await Applied.openWithDefaults(subject)
      for (const batch of batches(subject)) {
        const before = copyOf(batch)
        const fate = filter.fateOf(batch)
        ensure('made' in fate && isAsGiven(fate.made, before), {
          did: `opened it without options, and applied it to a batch of ${batch.length} (${batch.signal})`,
          saw: sawOf(fate, before),
          hint: 'Let defaults be such that everything goes on as it is: what is taken away is said in the configuration.',
        })
      }
    },
  },
  {
    id: 'filter.other-signals',
    level: 'should',
    clauses: ['F-6'],
    kinds: ['filter'],
    async run(subject) {
      const filter = await Applied.open(subject)
      const fates = SIGNALS.map((signal) => ({ signal, did: whatBecomesOf(signal, subject, filter) }))
      filter.ensureActed()
      // One that takes a signal away and touches no other is for that.
      const own = fates.find(({ did }) => did === 'changes it')
      const gone = fates.find(({ did }) => did === 'takes it away')
      ensure(own === undefined || gone === undefined, {
        did: `applied it to batches of every signal, of which it changes some (${own?.signal})`,
        saw: `no record of another signal goes on (${gone?.signal})`,
        hint: 'Return the batch of a signal that the filter is not for: `if (batch.signal !== …) return batch`. Name the check under skip where it is for that one, too.',
      })
    },
  },
]

/** What a filter does with all that there is of a signal: it takes every record away, or lets some go on, changed or fewer. */
function whatBecomesOf(
  signal: Signal,
  subject: Subject,
  filter: Applied,
): 'takes it away' | 'changes it' | 'leaves it' {
  let isGone = true
  let isChanged = false
  for (const batch of batches(subject)) {
    if (batch.signal !== signal) continue
    const before = copyOf(batch)
    const fate = filter.fateOf(batch)
    // That it throws is for `filter.whole` to find.
    if (!('made' in fate)) return 'leaves it'
    isGone &&= fate.made.length === 0
    isChanged ||= !isAsGiven(fate.made, before)
  }
  if (isGone) return 'takes it away'
  return isChanged ? 'changes it' : 'leaves it'
}

function sawOf(fate: ReturnType<Applied['fateOf']>, { length }: Batch): string {
  if ('thrown' in fate) return `it threw: ${messageOf(fate.thrown)}`
  return fate.made.length === length ? 'what goes on is not what it was given' : `${fate.made.length} go on`
}
