import type { RecordSink } from '@smart-gateway/sdk'
import type { Peer } from '../author.ts'
import { fail, notRun, notTried } from '../finding.ts'
import { KeepingSink } from '../host/sink.ts'
import type { Generation } from '../subject/generation.ts'
import { messageOf } from '../subject/message.ts'
import type { Subject } from '../subject/subject.ts'
import { PATIENCE, ending } from '../time.ts'

/** What a started input emits, and its fate. */
export class Source {
  readonly sinks: KeepingSink[] = []
  readonly #accepted = new Set<KeepingSink>()
  #held: PromiseWithResolvers<void> | undefined
  #refusals = 0
  #isRetryable = true

  readonly emit = async (fill: (out: RecordSink) => void): Promise<void> => {
    const sink = new KeepingSink()
    fill(sink)
    sink.closed = true
    this.sinks.push(sink)
    if (this.#refusals > 0) {
      this.#refusals--
      throw Object.assign(new Error('nobody takes it'), { retryable: this.#isRetryable })
    }
    await this.#held?.promise
    this.#accepted.add(sink)
  }

  hold(): void {
    this.#held = Promise.withResolvers()
  }

  release(): void {
    this.#held?.resolve()
    this.#held = undefined
  }

  /** Rejects so many emissions. */
  refuse(count: number, isRetryable: boolean): void {
    this.#isRetryable = isRetryable
    this.#refusals = count
  }

  /** How often a text was emitted. */
  count(text: string): number {
    return this.sinks.reduce((count, sink) => count + occurrences(sink, text), 0)
  }

  accepted(text: string): boolean {
    return [...this.#accepted].some((sink) => occurrences(sink, text) > 0)
  }
}

function occurrences({ samples, events, logs }: KeepingSink, token: string): number {
  return [...samples, ...events, ...logs].filter((record) => JSON.stringify(record).includes(token)).length
}

let produced = 0

export function textsFor(count: number): readonly string[] {
  return Array.from({ length: count }, () => `s${(produced++).toString(36)}z`)
}

/** A source at work. */
export async function started(
  subject: Subject,
  generationNumber = 1,
): Promise<{ peer: Peer; source: Source; generation: Generation }> {
  const generation = await subject.open({ generation: generationNumber })
  const { session } = generation
  if (session.start === undefined) notRun('it decodes what a transport brings')
  const peer = await subject.peer()
  if (peer.produce === undefined) notTried('the peer of conformance.js cannot produce', 'produce')
  const source = new Source()
  const end = await ending(() => subject.traces.run(() => session.start!(source.emit)), PATIENCE.grantMs)
  if (end.how === 'resolved') return { peer, source, generation }
  return fail({
    did: 'started it',
    saw:
      end.how === 'pending'
        ? `start is pending after ${PATIENCE.grantMs} ms`
        : `start failed: ${messageOf(end.error)}`,
    hint: 'Resolve once it produces.',
  })
}
