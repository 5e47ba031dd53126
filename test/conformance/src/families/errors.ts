import { KINDS } from '../check.ts'
import type { Check } from '../check.ts'
import { ensure, fail, notRun } from '../finding.ts'
import { openGeneration } from '../subject/generation.ts'
import { flawOfError, hasSystemCode, messageOf, textsOf } from '../subject/message.ts'
import { secretsOf, showsCanary, withCanary, withoutCanary } from '../subject/secrets.ts'
import { closedPort } from '../subject/silent-peer.ts'
import { ending, inTime, PATIENCE } from '../time.ts'
import type { Ending } from '../time.ts'
import { markedBatch } from '../work/batches.ts'
import { faultsOf } from '../work/faults.ts'
import { openNowhere } from '../work/nowhere.ts'
import { worthWriting } from '../work/stored.ts'
import { signalsOf } from '../work/write.ts'

/** Whoever takes longer may have given up by its own clock, of which the system says nothing. */
const AT_ONCE_MS = 1000
/** A name may stand for an address of each family. */
const MOST_CONNECTIONS = 2

const HINT = 'Throw retryable(…) or permanent(…): they are told apart by their properties, not their class.'

/** How failures look, whatever they are of. */
export const ERRORS: readonly Check[] = [
  {
    id: 'errors.open',
    level: 'must',
    clauses: ['E-1', 'E-2', 'E-5'],
    kinds: KINDS,
    async run(subject) {
      const { opening: end, close } = await openNowhere(subject)
      await close()
      if (end.how !== 'rejected') notRun('it opens although nobody is there')
      const flaw = flawOfError(end.error)
      if (flaw !== undefined) fail({ did: 'opened it where nobody listens', saw: flaw, hint: HINT })
    },
  },
  {
    id: 'errors.cause',
    level: 'should',
    clauses: ['E-4'],
    kinds: KINDS,
    async run(subject) {
      const { definition, traces, random } = subject
      const { opening, port, isNamed, beganMs, close } = await openNowhere(subject, AT_ONCE_MS)
      let end: Ending<unknown> = opening
      let before = 0
      if (opening.how === 'resolved' && isNamed && definition.kind === 'output') {
        const { batch } = markedBatch(signalsOf(definition)[0]!, 3, random)
        // Who was refused earlier may say no more than that.
        before = traces.connections.length
        end = await ending(() => traces.run(() => opening.value.write!(batch as never)), AT_ONCE_MS)
      }
      const tookMs = performance.now() - beganMs
      await close()
      if (end.how !== 'rejected') notRun('nothing is thrown although nobody is there')
      const refused = traces.connections.slice(before).filter((one) => one.port === port).length
      if (refused === 0) notRun('no connection was seen that the system refused')
      if (refused > MOST_CONNECTIONS || tookMs > AT_ONCE_MS) notRun('it tries again, and gives up by itself')
      ensure(hasSystemCode(end.error), {
        did: 'opened it where nobody listens, and let it write if it is an output that opens there',
        saw: `the system refused its connection, and the error has no cause that says so: ${messageOf(end.error)}`,
        hint: 'Hand on what it was made of: retryable(…, { cause }).',
      })
    },
  },
  {
    id: 'errors.write',
    level: 'must',
    clauses: ['E-1', 'E-2', 'E-5'],
    kinds: ['output'],
    async run(subject) {
      const peer = await subject.peer()
      const { session } = await subject.open()
      const faults = faultsOf(peer)
      for (const signal of inTime(worthWriting(subject, peer)))
        for (const { name, begin, heal } of faults) {
          await begin()
          const { batch } = markedBatch(signal, 3, subject.random)
          const end = await ending(() => session.write!(batch as never))
          await heal()
          const flaw = end.how === 'rejected' ? flawOfError(end.error) : undefined
          if (flaw !== undefined)
            fail({ did: `wrote (${signal}) while the fault "${name}" was on`, saw: flaw, hint: HINT })
        }
    },
  },
  {
    id: 'errors.secrets-hidden',
    level: 'must',
    clauses: ['E-3', 'L-12'],
    kinds: ['output'],
    async run(subject) {
      const { definition, validator, host, traces, random, printed } = subject
      if (secretsOf(definition.options).length === 0) notRun('no option is marked as a secret')
      const peer = await subject.peer()
      const faults = faultsOf(peer)
      const reach = { port: await closedPort() }
      const candidates = withCanary(definition.options, peer.options, validator, reach)
      if (candidates.length === 0) notRun('no option is marked as a secret')
      const signals = worthWriting(subject, peer)
      for (const [generation, { key, options }] of candidates.entries()) {
        const owner = { instance: 'secret', generation }
        const valid = subject.valid(definition.options, options)
        const opened = await ending(
          () => traces.run(() => openGeneration(definition, host, owner, valid)),
          PATIENCE.grantMs,
        )
        // What it says then is for options.secrets-hidden, and what it has said by now.
        if (opened.how !== 'resolved') continue
        const { session, loan, close } = opened.value
        const seen = new Set([...host.said, ...printed])
        const ensureHidden = (did: string, errors: readonly unknown[] = []): void => {
          const told = [...errors, ...loan.failures].flatMap(textsOf)
          const said = [...host.said, ...printed, JSON.stringify(session.health?.() ?? {})]
          const place = [...told, ...said.filter((text) => !seen.has(text))].find(showsCanary)
          if (place === undefined) return
          fail({
            did: `gave it a secret as ${key}, ${did}`,
            saw: `it shows the secret: ${withoutCanary(place)}`,
            hint: 'Say where and what failed; requests and options hold secrets.',
          })
        }
        const ways = signals.flatMap((signal) => faults.map((fault) => ({ signal, ...fault })))
        for (const { signal, name, begin, heal } of inTime(ways)) {
          await begin()
          const { batch } = markedBatch(signal, 3, random)
          const end = await ending(() => session.write!(batch as never))
          await heal()
          const errors = end.how === 'rejected' ? [end.error] : []
          if (end.how === 'resolved') errors.push(...(end.value?.rejected ?? []).map(({ error }) => error))
          ensureHidden(`and wrote (${signal}) while the fault "${name}" was on`, errors)
        }
        await close()
        ensureHidden('wrote while its peer had faults, and stopped it')
      }
    },
  },
]
