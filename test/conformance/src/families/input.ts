import { isDeepStrictEqual } from 'node:util'
import { mutateBytes, mutateTree } from '@smart-gateway/sdk/testing'
import type { Check } from '../check.ts'
import { ensure, fail, notRun } from '../finding.ts'
import type { KeepingSink } from '../host/sink.ts'
import type { AnySession } from '../subject/generation.ts'
import { openGeneration } from '../subject/generation.ts'
import { flawOfError, messageOf as textOf, textsOf } from '../subject/message.ts'
import { showsCanary, withCanary, withoutCanary } from '../subject/secrets.ts'
import { closedPort } from '../subject/silent-peer.ts'
import type { Subject } from '../subject/subject.ts'
import { inTime, turn } from '../time.ts'
import { decode, exampleOf, flawOfRecords, messageOf } from '../work/decode.ts'

const ROUNDS = 400
/** They are decoded each alone as well, as far as that time goes. */
const ALONE_MS = 2000
/** What one message of a few hundred bytes may take. */
const SLOW_MS = 1000

/** What an input makes of messages. */
export const INPUT: readonly Check[] = [
  {
    id: 'input.has-example',
    level: 'should',
    clauses: ['I-14'],
    kinds: ['input'],
    async run(subject) {
      await decoder(subject)
      const { definition } = subject
      ensure(definition.kind === 'input' && definition.example !== undefined, {
        did: 'looked for the example of its definition',
        saw: 'there is none',
        hint: 'Give one message as its producer sends it: most checks of an input begin with it.',
      })
    },
  },
  {
    id: 'input.example',
    level: 'must',
    clauses: ['I-14'],
    kinds: ['input'],
    async run(subject) {
      const session = await decoder(subject)
      const did = 'decoded the example of its definition'
      const hint = 'Give a message there that the input takes whole.'
      const { sink, thrown } = decode(session, exampleOf(subject))
      if (thrown !== undefined) fail({ did, saw: `decode threw: ${textOf(thrown.error)}`, hint })
      ensure(sink.records > 0, { did, saw: 'it gave no record', hint })
      ensure(sink.rejected.length === 0, { did, saw: `it refused an element: ${sink.rejected[0]}`, hint })
    },
  },
  {
    id: 'input.records',
    level: 'must',
    clauses: ['I-8', 'I-10'],
    kinds: ['input'],
    async run(subject) {
      const session = await decoder(subject)
      ensureWhole(subject, decode(session, exampleOf(subject)).sink, 'decoded its example')
    },
  },
  {
    id: 'input.synchronous',
    level: 'must',
    clauses: ['I-2'],
    kinds: ['input'],
    async run(subject) {
      const session = await decoder(subject)
      const { sink, returned } = decode(session, exampleOf(subject))
      const did = 'decoded its example'
      const hint = 'Put everything into the sink before decode returns, and return nothing.'
      const isPromise = typeof (returned as PromiseLike<void> | undefined)?.then === 'function'
      ensure(!isPromise, { did, saw: 'decode returned a promise', hint })
      for (let i = 0; i < 20; i++) await turn()
      ensure(sink.late === 0, { did, saw: `${sink.late} records came after decode had returned`, hint })
    },
  },
  {
    id: 'input.message-unchanged',
    level: 'must',
    clauses: ['I-6'],
    kinds: ['input'],
    async run(subject) {
      const session = await decoder(subject)
      const message = exampleOf(subject)
      const before = structuredClone(message)
      decode(session, message)
      ensure(
        Buffer.from(before.body).equals(message.body) &&
          isDeepStrictEqual(Object.keys(before), Object.keys(message)),
        {
          did: 'decoded its example',
          saw: 'the message is not what it was',
          hint: 'Work on a copy of the body.',
        },
      )
    },
  },
  {
    id: 'input.pure',
    level: 'must',
    clauses: ['I-3'],
    kinds: ['input'],
    async run(subject) {
      const session = await decoder(subject)
      const message = exampleOf(subject)
      const first = decode(session, message).sink.content
      // The clock goes on meanwhile.
      await new Promise((resolve) => setTimeout(resolve, 5))
      const second = decode(session, message).sink.content
      ensure(isDeepStrictEqual(first, second), {
        did: 'decoded its example twice',
        saw: `the second time it gave something else: ${brief(second)} after ${brief(first)}`,
        hint: 'Take times from the message, 0 where it has none; draw no ids; remember nothing that changes what comes out.',
      })
      await ensureAlone(subject)
    },
  },
  {
    id: 'input.records-kept',
    level: 'must',
    clauses: ['I-9'],
    kinds: ['input'],
    async run(subject) {
      const session = await decoder(subject)
      const message = exampleOf(subject)
      const { sink } = decode(session, message)
      const before = sink.content
      for (const body of hostile(message.body.toString()))
        decode(session, messageOf(body, message.contentType))
      decode(session, message)
      await turn()
      ensure(isDeepStrictEqual(before, sink.content), {
        did: 'decoded its example, then other messages',
        saw: 'the records of the first one changed',
        hint: 'Make new objects for each message.',
      })
    },
  },
  {
    id: 'input.secrets-hidden',
    level: 'must',
    clauses: ['I-16'],
    kinds: ['input'],
    async run(subject) {
      await decoder(subject)
      const { definition, validator, host, random } = subject
      const { body, contentType } = exampleOf(subject)
      const reach = { port: await closedPort() }
      const candidates = withCanary(definition.options, await subject.options(), validator, reach)
      if (candidates.length === 0) notRun('no option is marked as a secret')
      for (const [generation, { key, options }] of candidates.entries()) {
        const valid = subject.valid(definition.options, options)
        const opened = await openGeneration(definition, host, { instance: 'secret', generation }, valid)
        for (const malformedBody of malformed(body.toString(), random)) {
          const { sink, thrown } = decode(opened.session, messageOf(malformedBody, contentType))
          const said = [...sink.rejected, ...sink.skipped, ...textsOf(thrown?.error ?? '')]
          const place = said.find(showsCanary)
          ensure(place === undefined, {
            did: `gave it a secret as ${key}, and malformed messages`,
            saw: `it shows the secret: ${withoutCanary(place ?? '')}`,
            hint: 'A reason is for the producer: say what is wrong with the message.',
          })
        }
        await opened.close()
      }
    },
  },
  {
    id: 'input.interned',
    level: 'should',
    clauses: ['I-7'],
    kinds: ['input'],
    async run(subject) {
      const session = await decoder(subject)
      const message = exampleOf(subject)
      const first = decode(session, message).sink.samples
      const second = decode(session, message).sink.samples
      if (first.length === 0) notRun('its example has no metric')
      ensure(
        first.every(({ series }, i) => series === second[i]?.series),
        {
          did: 'decoded its example twice',
          saw: 'the series of the second time are other objects',
          hint: 'Look them up in context.series by a key made of the raw message.',
        },
      )
    },
  },
  {
    id: 'input.malformed',
    level: 'must',
    clauses: ['I-4', 'I-8', 'I-10', 'I-13'],
    kinds: ['input'],
    async run(subject) {
      const session = await decoder(subject)
      const example = exampleOf(subject)
      const expected = decode(session, example).sink.content
      for (const body of malformed(example.body.toString(), subject.random)) {
        const beganMs = performance.now()
        const { sink, thrown } = decode(session, messageOf(body, example.contentType))
        const ms = performance.now() - beganMs
        const did = `decoded ${JSON.stringify(String(body).slice(0, 200))}`
        ensure(ms < SLOW_MS, {
          did,
          saw: `it took ${Math.round(ms)} ms`,
          hint: 'Bound what one message can cost.',
        })
        if (thrown === undefined) ensureWhole(subject, sink, did)
        else {
          const flaw = flawOfError(thrown.error)
          if (flaw !== undefined)
            fail({ did, saw: flaw, hint: 'Throw an Error with a sentence for the producer.' })
        }
      }
      const after = decode(session, example)
      ensure(after.thrown === undefined && isDeepStrictEqual(after.sink.content, expected), {
        did: `decoded ${ROUNDS} malformed messages, then its example`,
        saw:
          after.thrown === undefined
            ? 'it is decoded otherwise than before'
            : `decode threw: ${textOf(after.thrown.error)}`,
        hint: 'Let nothing of a message that failed stay in the session.',
      })
    },
  },
]

/** A session that decodes; what starts by itself is looked at elsewhere. */
async function decoder(subject: Subject): Promise<AnySession> {
  const { session } = await subject.open()
  return session.decode === undefined ? notRun('it starts by itself and decodes nothing') : session
}

/** Messages give one after the other what each gives to a session that has seen no other. */
async function ensureAlone(subject: Subject): Promise<void> {
  // In a thread it is the same code, and each session would need one.
  if (subject.isolation === 'worker') return
  const { body, contentType } = exampleOf(subject)
  const messages = [body, ...malformed(body.toString(), subject.random)]
  const giving = (session: AnySession, message: string | Buffer): unknown => {
    const { sink, thrown } = decode(session, messageOf(message, contentType))
    return thrown === undefined ? sink.content : 'it threw'
  }
  const shared = await decoder(subject)
  const given = messages.map((message) => giving(shared, message))
  for (const [i, message] of inTime(messages.entries(), ALONE_MS)) {
    // An instance of its own: the table of series belongs to one.
    const { session, close } = await subject.open({ instance: `alone-${i}` })
    const alone = giving(session, message)
    await close()
    ensure(isDeepStrictEqual(given[i], alone), {
      did: `decoded ${JSON.stringify(String(message).slice(0, 200))} after other messages, and in a session that had seen none`,
      saw: `it gave ${brief(given[i])} after others, ${brief(alone)} alone`,
      hint: 'Let nothing of one message reach another; look series up by a key of all that they are made of.',
    })
  }
}

function ensureWhole({ definition }: Subject, sink: KeepingSink, did: string): void {
  const signals = definition.kind === 'input' ? definition.signals : []
  const foreign = sink.signals.filter((signal) => !signals.includes(signal))
  ensure(foreign.length === 0, {
    did,
    saw: `it gave ${foreign.join(', ')}, its definition names ${signals.join(', ')}`,
    hint: 'Name every signal that it may yield: the others have no route.',
  })
  const flaw = flawOfRecords(sink)
  if (flaw !== undefined) fail({ did, saw: flaw, hint: 'See the types of records in the SDK.' })
}

function* malformed(example: string, random: () => number): Generator<string | Buffer> {
  yield* hostile(example)
  const tree = parsed(example)
  for (let round = 0; round < ROUNDS; round++) {
    if (tree === undefined || round % 2 === 0) {
      yield mutateBytes(Buffer.from(example), 0, random)
      continue
    }
    const copy = structuredClone(tree)
    mutateTree(copy, { junk: JUNK, names: NAMES }, random)
    yield JSON.stringify(copy)
  }
}

const JUNK = [null, true, '', 'x', -1, 1e308, [], {}, [[]], [null], '\u0000', '2026-13-45T99:99:99Z']
const NAMES = ['__proto__', 'constructor', '', 'host', 'x']

function hostile(example: string): readonly (string | Buffer)[] {
  const deep = 5000
  return [
    '',
    ' ',
    'null',
    '[]',
    '{}',
    '[null]',
    '"x"',
    example.slice(0, -1),
    `${example}${example}`,
    '['.repeat(deep),
    `${'['.repeat(deep)}${']'.repeat(deep)}`,
    '{"__proto__":{"polluted":true}}',
    Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28]),
    Buffer.alloc(10_000, 0x20),
  ]
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function brief(content: unknown): string {
  return (
    JSON.stringify(content, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)) ?? ''
  ).slice(0, 150)
}
