import type { JsonSchema } from '@smart-gateway/sdk'
import { KINDS } from '../check.ts'
import type { Check } from '../check.ts'
import { ensure, fail, notRun, notTried } from '../finding.ts'
import { leadTo } from '../subject/elsewhere.ts'
import { messageOf, textsOf } from '../subject/message.ts'
import { openGeneration } from '../subject/generation.ts'
import { nodesOf, placesOf } from '../subject/schema-tree.ts'
import { showsCanary, unmarkedSecrets, withCanary, withoutCanary } from '../subject/secrets.ts'
import { closedPort } from '../subject/silent-peer.ts'
import type { Subject } from '../subject/subject.ts'
import { ending } from '../time.ts'
import { exercise } from '../work/exercise.ts'

/** One value of each type. */
const JUNK: readonly unknown[] = [{ conformance: [0] }, ['', {}], true, 4.5, 'no such: value\n']

/** What the schema of the options promises. */
export const OPTIONS: readonly Check[] = [
  {
    id: 'options.schema',
    level: 'must',
    clauses: ['C-1'],
    kinds: KINDS,
    async run(subject) {
      for (const [what, schema] of schemasOf(subject)) {
        const did = `read the schema of the ${what}`
        const hint = 'It is JSON Schema draft-07 for an object, as ajv understands it.'
        const flaw = subject.validator.flawOf(schema)
        ensure(flaw === undefined, { did, saw: String(flaw), hint })
        ensure(schema.type === 'object', { did, saw: `its type is ${JSON.stringify(schema.type)}`, hint })
      }
    },
  },
  {
    id: 'options.defaults',
    level: 'must',
    clauses: ['C-3'],
    kinds: KINDS,
    async run(subject) {
      for (const [what, schema] of schemasOf(subject))
        for (const { path, schema: one } of nodesOf(schema)) {
          if (one.default === undefined) continue
          const mistake = subject.validator.mistakeIn(one, structuredClone(one.default))
          ensure(mistake === undefined, {
            did: `checked the default of ${path.join('.')} in the ${what} against its own schema`,
            saw: String(mistake),
            hint: 'A default is not checked when it is filled in: the plugin would get it as it is.',
          })
        }
    },
  },
  {
    id: 'options.unknown-keys',
    level: 'must',
    clauses: ['C-4'],
    kinds: KINDS,
    async run(subject) {
      for (const [what, schema] of schemasOf(subject))
        for (const [path, ones] of placesOf(schema)) {
          const objects = ones.filter(
            ({ type, properties }) => [type].flat().includes('object') || properties !== undefined,
          )
          // Below the root an object that names no key is a map.
          const isMap = path !== '' && objects.every(({ properties }) => properties === undefined)
          if (objects.length === 0 || isMap) continue
          ensure(
            objects.some((one) => refusesUnknown(subject, one)),
            {
              did: `gave an unknown key in ${path || `the ${what}`}`,
              saw: 'it was not refused',
              hint: 'Add additionalProperties: false to every object with properties.',
            },
          )
        }
    },
  },
  {
    id: 'options.types',
    level: 'must',
    clauses: ['C-10'],
    kinds: KINDS,
    async run(subject) {
      for (const [what, schema] of schemasOf(subject))
        for (const [path, ones] of placesOf(schema)) {
          // What a list or a map holds may be anything; a key may not.
          if (path === '' || /(^|\.)(\[\]|\*)$/.test(path)) continue
          // No option is all of these at once. Where several schemas speak of one value, one of them has to say it.
          const admitted = JUNK.filter((value) =>
            ones.every((one) => subject.validator.mistakeIn(one, structuredClone(value)) === undefined),
          )
          ensure(admitted.length < JUNK.length - 1, {
            did: `gave ${path} of the ${what} an object, a list, a boolean, a number and a text`,
            saw: `${admitted.length} of them were taken`,
            hint: 'Say its type in the schema.',
          })
        }
    },
  },
  {
    id: 'options.described',
    level: 'should',
    clauses: ['C-5'],
    kinds: KINDS,
    async run(subject) {
      for (const [what, schema] of schemasOf(subject)) {
        const silent = Object.entries(schema.properties ?? {}).filter(([, one]) => !one.description)
        ensure(silent.length === 0, {
          did: `read the schema of the ${what}`,
          saw: `nothing describes ${silent.map(([key]) => key).join(', ')}`,
          hint: 'Add a description to each.',
        })
      }
    },
  },
  {
    id: 'options.unchanged',
    level: 'must',
    clauses: ['C-8'],
    kinds: KINDS,
    async run(subject) {
      const { definition, traces, host } = subject
      const options = subject.valid(definition.options, await subject.options())
      const owner = { instance: 'subject', generation: 1 }
      const end = await ending(() => traces.run(() => openGeneration(definition, host, owner, options)))
      if (end.how === 'resolved') return await end.value.close()
      const saw = end.how === 'rejected' ? messageOf(end.error) : ''
      ensure(!/read only property|not extensible|Cannot (delete|redefine) property/.test(saw), {
        did: 'opened it with options that are frozen, as the gateway does',
        saw,
        hint: 'Work on a copy of the options.',
      })
      notTried('it does not open', subject.isFull ? undefined : 'setup')
    },
  },
  {
    id: 'options.secrets-marked',
    level: 'must',
    clauses: ['C-6'],
    kinds: KINDS,
    async run(subject) {
      for (const [what, schema] of schemasOf(subject)) {
        const unmarked = unmarkedSecrets(schema)
        ensure(unmarked.length === 0, {
          did: `looked for secrets in the schema of the ${what}`,
          saw: `these are called like secrets and not marked: ${unmarked.join(', ')}`,
          hint: 'Add writeOnly: true.',
        })
      }
    },
  },
  {
    id: 'options.secrets-hidden',
    level: 'must',
    clauses: ['L-12', 'E-3'],
    kinds: KINDS,
    async run(subject) {
      const { definition, validator, host, printed } = subject
      const reach = { port: await closedPort() }
      const base = await subject.options()
      const candidates = withCanary(definition.options, base, validator, reach)
      if (candidates.length === 0) notRun('no option is marked as a secret')
      for (const [i, { key, options }] of candidates.entries()) {
        const away = leadTo(options, reach.port)
        const said = [
          ...(await saidWith(subject, options, 2 * i)),
          ...(await saidWith(subject, away, 2 * i + 1)),
        ]
        const place = [...said, ...host.said, ...printed].find(showsCanary)
        ensure(place === undefined, {
          did: `gave it a secret as ${key}, opened it with its peer and with none, and let it work`,
          saw: `it shows the secret: ${withoutCanary(place ?? '')}`,
          hint: 'Leave options with secrets, and errors of libraries that repeat them, out of what is shown.',
        })
      }
    },
  },
]

/** What a generation with these options shows beside its log: errors, its address, its health. */
async function saidWith(subject: Subject, options: object, generation: number): Promise<readonly string[]> {
  const { definition, host, traces } = subject
  const said: string[] = []
  try {
    const owner = { instance: 'secret', generation }
    const valid = subject.valid(definition.options, options)
    const opened = await traces.run(() => openGeneration(definition, host, owner, valid))
    const { session } = opened
    const subscription = await subject.subscription().catch(() => undefined)
    const { random } = subject
    const done = await exercise({ session, definition, subscription, random, lines: host.lines }).catch(
      (error: unknown) => [error],
    )
    said.push(...done.flatMap(textsOf), session.address ?? '')
    said.push(JSON.stringify(session.health?.() ?? {}), ...opened.loan.failures.flatMap(textsOf))
    await opened.close()
  } catch (error) {
    said.push(messageOf(error), ...textsOf(error))
  }
  return said
}

function schemasOf({ definition }: Subject): readonly (readonly [string, JsonSchema])[] {
  if (definition.kind !== 'transport') return [['options', definition.options]]
  const { options, subscription } = definition
  if (typeof options !== 'object') fail({ did: 'read the definition', saw: 'no schema', hint: '' })
  return [
    ['options', options],
    ['subscription', subscription],
  ]
}

/** Whether an object's schema finds fault with a key that it does not name, whatever its value. */
function refusesUnknown({ validator }: Subject, schema: JsonSchema): boolean {
  const without = validator.mistakeIn(schema, {})
  return JUNK.some(
    (value) => validator.mistakeIn(schema, { conformanceUnknownKey: structuredClone(value) }) !== without,
  )
}
