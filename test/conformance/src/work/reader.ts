import type { RecordSink } from '@smart-gateway/sdk'
import type { Peer } from '../author.ts'
import { KeepingIntake } from '../host/intake.ts'
import { KeepingSink } from '../host/sink.ts'
import type { Generation } from '../subject/generation.ts'
import type { Subject } from '../subject/subject.ts'
import { PATIENCE, ending, until } from '../time.ts'
import { subscribe } from './exercise.ts'
import { textsFor } from './messages.ts'

/** An instance that brings what its peer sends, be it a transport or a source; all of it is accepted. */
export class Reader {
  readonly address: string | undefined
  readonly #generation: Generation
  readonly #peer: Peer
  readonly #texts: () => readonly string[]

  private constructor(
    generation: Generation,
    peer: Peer,
    address: string | undefined,
    texts: () => readonly string[],
  ) {
    this.#generation = generation
    this.#peer = peer
    this.address = address
    this.#texts = texts
  }

  /** Opens and starts one; undefined where it decodes what others bring, or cannot be started. */
  static async open(subject: Subject, peer: Peer, instance: string): Promise<Reader | undefined> {
    const generation = await subject.open({ instance, options: peer.options })
    const { session } = generation
    if (session.start !== undefined) {
      const sinks: KeepingSink[] = []
      const emit = async (fill: (out: RecordSink) => void): Promise<void> => {
        const sink = new KeepingSink()
        fill(sink)
        sinks.push(sink)
      }
      const end = await ending(() => subject.traces.run(() => session.start!(emit)), PATIENCE.grantMs)
      const texts = () => sinks.map(textOf)
      return end.how === 'resolved' ? new Reader(generation, peer, session.address, texts) : undefined
    }
    if (session.subscribe === undefined) return undefined
    const intake = new KeepingIntake()
    intake.onDeliver = (delivered) => delivered.accept()
    const options = await subject.subscription(peer)
    const subscription = await subject.traces.run(() => subscribe(session, options, intake, instance))
    if (subscription === undefined) return undefined
    const end = await ending(async () => subscription.start(), PATIENCE.grantMs)
    const texts = () => intake.delivered.map(({ text }) => text)
    const address = subscription.address ?? session.address
    return end.how === 'resolved' ? new Reader(generation, peer, address, texts) : undefined
  }

  /** Lets its peer send a message, and another one where that does not come: one that is lost now and then is for other checks. */
  async comes(): Promise<{ readonly texts: readonly string[]; readonly hasCome: boolean }> {
    const texts: string[] = []
    let hasCome = false
    while (!hasCome && texts.length < 2) {
      const [text] = textsFor(1)
      texts.push(text!)
      await this.#peer.produce!([text!], this.address)
      hasCome = await until(() => this.has(text!))
    }
    return { texts, hasCome }
  }

  has(text: string): boolean {
    // What a record is made of may have escaped it.
    const token = tokenOf(text)
    return this.#texts().some((one) => one.includes(token))
  }

  close(): Promise<void> {
    return this.#generation.close()
  }
}

function textOf({ samples, events, logs }: KeepingSink): string {
  return JSON.stringify([...samples, ...events, ...logs], (_, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  )
}

function tokenOf(text: string): string {
  return (JSON.parse(text) as { readonly token: string }).token
}
