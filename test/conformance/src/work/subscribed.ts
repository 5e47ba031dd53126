import type { Fate, Peer } from '../author.ts'
import { ensure, notRun, notTried } from '../finding.ts'
import { KeepingIntake } from '../host/intake.ts'
import type { OpenRequest, Subject } from '../subject/subject.ts'
import { until } from '../time.ts'
import { join } from './messages.ts'

const DELIVER =
  'Intake.deliver: the promise is the fate of the message; a transport MUST wait for it before it acknowledges.'

/** A subscription that is not started yet. */
export async function subscribed(subject: Subject, request: OpenRequest = {}) {
  const { definition } = subject
  if (definition.kind !== 'transport') notRun('it is no transport')
  const peer = await subject.peer()
  if (peer.produce === undefined) notTried('the peer of conformance.js cannot produce', 'produce')
  const generation = await subject.open(request)
  const intake = new KeepingIntake()
  return { definition, peer, generation, intake, subscription: await join(subject, generation, intake) }
}

/** How the peer tells a fate; a check that is about fates is not tried where it cannot. */
export function fateOf(peer: Peer): (text: string) => Promise<Fate | undefined> {
  if (peer.fate === undefined)
    notTried(
      'the peer of conformance.js cannot tell a fate: give fate(text), how it was told of a message',
      'fate',
    )
  return async (text) => await peer.fate!(text)
}

export async function ensureAll(intake: KeepingIntake, texts: readonly string[], did: string): Promise<void> {
  const isAll = await until(() => texts.every((text) => intake.with(text).length > 0))
  const lost = texts.filter((text) => intake.with(text).length === 0)
  ensure(isAll, {
    did,
    saw: `${lost.length} of ${texts.length} were not delivered`,
    hint: 'Each message goes to intake.deliver, its body as the peer sent it.',
  })
}

/** Fails when the peer was told something else, or nothing. */
export async function ensureFate(
  peer: Peer,
  texts: readonly string[],
  wanted: Fate,
  did: string,
  hint = DELIVER,
): Promise<void> {
  const fate = fateOf(peer)
  const fates = async (): Promise<readonly (Fate | undefined)[]> => await Promise.all(texts.map(fate))
  await until(async () => (await fates()).every((one) => one === wanted))
  const wrong = (await fates()).filter((one) => one !== wanted)
  ensure(wrong.length === 0, {
    did,
    saw: `its peer was told ${wrong[0] ?? 'nothing'}, not that it is ${wanted}`,
    hint,
  })
}

/** Why a message shall come again. */
export function away(): Error {
  return Object.assign(new Error('the store is away'), { retryable: true })
}

/** Why it shall not. */
export function unusable(): Error {
  return Object.assign(new Error('no such thing'), { retryable: false })
}
