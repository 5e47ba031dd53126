import type { Check } from '../check.ts'
import { ensure, notRun } from '../finding.ts'
import { decode, exampleOf } from '../work/decode.ts'

/** The ids of what an input yields. */
export const IDS: readonly Check[] = [
  {
    id: 'input.own-ids',
    level: 'must',
    clauses: ['I-12'],
    kinds: ['input'],
    async run(subject) {
      const { session } = await subject.open()
      if (session.decode === undefined) notRun('it brings its records itself')
      const example = exampleOf(subject)
      const { events, logs } = decode(session, example).sink
      const ids = [...events, ...logs].flatMap(({ id }) => (typeof id === 'string' ? [id] : []))
      if (ids.length === 0) notRun('its example has no record with an id')
      const text = example.body.toString().toLowerCase()
      // One that is put together of several members stands there in parts.
      const made = ids.find((id) => !partsOf(id).every((part) => text.includes(part)))
      ensure(made === undefined, {
        did: 'decoded its example',
        saw: `a record has the id ${made}, which does not stand in the message`,
        hint: 'Take the id that the producer gave, or none: two records that say the same are still two, and a store would keep one.',
      })
    },
  },
]

function partsOf(id: string): readonly string[] {
  return id
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((part) => part !== '')
}
