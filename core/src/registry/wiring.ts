import type { Definition } from '@smart-gateway/sdk'
import type { ShadowReport } from '../shadow/report.ts'
import type { Generation, Session } from './generation.ts'

/** What a kind does with its generations. */
export interface Wiring<D extends Definition, S extends Session> {
  /** Members of the context that only this kind is lent. */
  extra(generation: number): object
  /** Told of a definition before it opens, so that routes are known while its peer is away. */
  imported(definition: D): void
  /**
   * Brings an open generation as near to work as it can be beside `before`, which goes on working; takes as long as it takes. It stays
   * near until `attach`, or until the signal aborts because nobody wants it any more. Optional: `attach` does it where nobody asked for it.
   */
  ready?(
    next: Generation<D, S>,
    before: Generation<D, S> | undefined,
    signal: AbortSignal,
  ): void | Promise<void>
  /**
   * Puts an open generation to work; `before` is the one it replaces, still open. Throws when it cannot work, or when the signal aborts.
   * It may activate it itself, where the moment matters.
   */
  attach(
    next: Generation<D, S>,
    before: Generation<D, S> | undefined,
    signal: AbortSignal,
  ): void | Promise<void>
  /** Waits until nothing needs the session any more that was replaced, within the grace. */
  drain?(before: Generation<D, S>, graceMs: number): Promise<void>
  /**
   * Has a generation that is ready run on a copy of the traffic of `before` for that time. Optional: a kind that cannot has none. Rejects
   * with SG_NO_SHADOW where this one cannot.
   */
  shadow?(
    next: Generation<D, S>,
    before: Generation<D, S> | undefined,
    spanMs: number,
    signal: AbortSignal,
  ): Promise<ShadowReport>
  /** Takes a generation out of work: nothing calls it any more when this resolves. */
  detach(generation: Generation<D, S>, graceMs: number): Promise<void>
}
