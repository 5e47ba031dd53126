import { KINDS } from '../check.ts'
import type { Check } from '../check.ts'
import { ensure } from '../finding.ts'

const MAX_SHOWN = 3

/** What was thrown to nobody while the checks before ran, each of which went on: the last of all. */
export const STRAYS: readonly Check[] = [
  {
    id: 'lifecycle.no-strays',
    level: 'must',
    clauses: ['L-11'],
    kinds: KINDS,
    async run({ strays }) {
      const shown = strays.slice(0, MAX_SHOWN).map(({ during, message }) => `${message} (during ${during})`)
      ensure(strays.length === 0, {
        did: 'ran all checks',
        saw: `meanwhile this was thrown where nobody catches it: ${[...new Set(shown)].join('; ')}`,
        hint: 'Give every promise a handler and every emitter an error listener: in the gateway it ends the process.',
      })
    },
  },
]
