import { setTimeout as delay } from 'node:timers/promises'
import { KINDS } from '../check.ts'
import type { Check } from '../check.ts'
import { ensure, fail } from '../finding.ts'
import { unreachable } from '../subject/elsewhere.ts'
import { beginToOpen, stopped } from '../subject/generation.ts'
import { RUDE } from '../subject/rude-peers.ts'
import { closedPort, startSilentPeer } from '../subject/silent-peer.ts'
import type { Subject } from '../subject/subject.ts'
import { PATIENCE, ending, turn, until } from '../time.ts'
import { ensureNothingLeft, ensureStopped } from '../work/endings.ts'

const NOTHING = 'open: whatever it throws or rejects with, nothing may be left behind.'

/** Sessions that come to nothing. */
export const OPENING: readonly Check[] = [
  {
    id: 'lifecycle.aborted-open',
    level: 'must',
    clauses: ['L-2', 'L-3'],
    kinds: KINDS,
    async run(subject) {
      const silent = await startSilentPeer()
      try {
        const options = await unreachable(subject, silent.port)
        for (const afterMs of [-1, 0, 1, 5, 20, 60]) await openAndAbort(subject, options, afterMs)
        // As long as what is left anywhere: an aborted `fetch` may end its connection only after 4 s.
        const isLeft = !(await until(() => silent.open === 0, PATIENCE.settleMs))
        ensure(!isLeft, {
          did: 'aborted the signal at several moments while it connected to a peer that says nothing',
          saw: `${silent.open} of ${silent.seen} connections are still open`,
          hint: 'End the socket when the signal aborts, also one that has no session yet.',
        })
      } finally {
        silent.close()
      }
      if (subject.isFull) {
        const options = subject.valid(subject.definition.options, await subject.options())
        // Within a handshake on this machine: each seed tries other moments of it.
        for (let i = 0; i < 8; i++) await openAndAbort(subject, options, subject.random() * 12)
        // The peer's ends of these connections go with it.
        await (await subject.peer()).close()
      }
      await ensureNothingLeft(subject, 'aborted the signal at several moments while it opened', NOTHING)
    },
  },
  {
    id: 'lifecycle.failed-open',
    level: 'must',
    clauses: ['L-2'],
    kinds: KINDS,
    async run(subject) {
      const nobody = await closedPort()
      for (let i = 0; i < 3; i++) await openInVain(subject, await unreachable(subject, nobody))
      await ensureNothingLeft(subject, 'opened it where nobody listens', NOTHING)
      for (const [what, greet] of Object.entries(RUDE)) {
        const peer = await startSilentPeer(greet)
        await openInVain(subject, await unreachable(subject, peer.port))
        peer.close()
        await ensureNothingLeft(subject, `opened it with a peer that ${what}`, NOTHING)
      }
    },
  },
]

let generations = 0

async function openAndAbort(subject: Subject, options: unknown, afterMs: number): Promise<void> {
  const { definition, traces, host } = subject
  const owner = { instance: 'aborted', generation: ++generations }
  const { loan, session } = traces.run(() => beginToOpen(definition, host, owner, options))
  if (afterMs > 0) await delay(afterMs)
  else if (afterMs === 0) await turn()
  loan.abort()
  const did = `aborted the signal ${afterMs < 0 ? 'at once' : `${afterMs.toFixed(1)} ms`} after open was called`
  const end = await ending(() => session, PATIENCE.leaveMs)
  if (end.how === 'pending')
    fail({
      did,
      saw: `open is pending after ${PATIENCE.leaveMs} ms`,
      hint: 'Give the signal to every wait in open.',
    })
  if (end.how === 'resolved')
    ensureStopped(await stopped(end.value, loan), `${did}, then stopped the session`)
  await loan.takeBack()
}

/** Opens what may well open, and ends it; an open that only waits is ended by its signal. */
async function openInVain(subject: Subject, options: unknown): Promise<void> {
  const { definition, traces, host } = subject
  const owner = { instance: 'failing', generation: ++generations }
  const { loan, session } = traces.run(() => beginToOpen(definition, host, owner, options))
  const end = await ending(() => session)
  if (end.how === 'resolved') await stopped(end.value, loan)
  await loan.takeBack()
  if (end.how === 'pending') await ending(() => session, PATIENCE.leaveMs)
}
