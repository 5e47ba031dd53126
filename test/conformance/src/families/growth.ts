import type { Check } from '../check.ts'
import { fail, notRun, notTried } from '../finding.ts'
import { growthOf } from '../lab/growth.ts'
import { decode, exampleOf } from '../work/decode.ts'

const HINT =
  'Look for regular expressions that go back and forth ((\\w+\\s?)*, \\s+$), and for lists that are searched for every element.'

/** What long messages cost. */
export const GROWTH: readonly Check[] = [
  {
    id: 'input.growth',
    level: 'must',
    clauses: ['I-13'],
    kinds: ['input'],
    async run(subject) {
      const { session } = await subject.open()
      if (session.decode === undefined) notRun('it starts by itself and decodes nothing')
      const example = exampleOf(subject)
      if (decode(session, example).thrown !== undefined)
        notTried('its example cannot be decoded, as input.example has found')
      const growth = await growthOf(subject, example)
      if (growth.how === 'failed') notTried(`nothing could be measured in a thread: ${growth.why}`)
      if (growth.how === 'stuck')
        fail({
          did: `decoded a message of ${growth.bytes} bytes in a thread: ${growth.what}`,
          saw: `decode had not come back after ${Math.round(growth.ms)} ms`,
          hint: HINT,
        })
      if (growth.how === 'even') return
      const { what, bytes, ms, shorter, shorterMs } = growth.slow
      fail({
        did: `decoded messages in a thread, one ${Math.round(bytes / shorter)} times as long as the other: ${what}`,
        saw: `${shorter} bytes took ${shorterMs.toFixed(1)} ms, ${bytes} took ${ms.toFixed(1)} ms`,
        hint: HINT,
      })
    },
  },
]
