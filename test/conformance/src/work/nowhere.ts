import { unreachable } from '../subject/elsewhere.ts'
import { beginToOpen } from '../subject/generation.ts'
import type { AnySession } from '../subject/generation.ts'
import { closedPort } from '../subject/silent-peer.ts'
import type { Subject } from '../subject/subject.ts'
import { ending } from '../time.ts'
import type { Ending } from '../time.ts'

/** A session that was opened, if that was possible, where nobody listens. */
export interface Nowhere {
  readonly opening: Ending<AnySession>
  /** The port at which nobody listens. */
  readonly port: number
  /** Whether one of its options names that port: a file, say, can be there all the same. */
  readonly isNamed: boolean
  /** When it was begun, by performance.now(). */
  readonly beganMs: number
  close(): Promise<void>
}

/** `ms` is how long it is waited for. */
export async function openNowhere(subject: Subject, ms?: number): Promise<Nowhere> {
  const { definition, traces, host } = subject
  const port = await closedPort()
  const options = await unreachable(subject, port)
  const isNamed = JSON.stringify(options).includes(String(port))
  const beganMs = performance.now()
  const { loan, session } = traces.run(() =>
    beginToOpen(definition, host, { instance: 'subject', generation: 1 }, options),
  )
  const opening = await ending(() => session, ms)
  const close = async (): Promise<void> => {
    await loan.takeBack()
    const stopping = session.then((opened) => opened?.stop?.())
    stopping.catch(() => undefined)
    if (opening.how === 'resolved') await ending(() => stopping)
  }
  return { opening, port, isNamed, beganMs, close }
}
