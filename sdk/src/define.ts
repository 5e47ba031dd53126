import type { Batch, BatchOf, WriteResult } from './batch.ts'
import type { Context, Health, InputContext } from './context.ts'
import type { Intake, Message, Subscription, SubscriptionContext } from './message.ts'
import type { JsonSchema, Options } from './options.ts'
import type { RecordSink, Signal } from './record.ts'

/** What a plugin can be. */
export type Kind = 'transport' | 'input' | 'filter' | 'output'

/** What every open session may have. */
interface Session {
  /** Where a person finds what goes through it: a URL, a file. Shown by the admin API, so never a secret. */
  readonly address?: string
  /**
   * How it is, from what has happened to it; called often, so it MUST be cheap and MUST NOT do I/O. What it
   * throws is shown as a degraded session's reason.
   */
  health?(): Health
  /**
   * Finishes what is under way, then lets go of everything. Calling it twice is fine. The host waits for it,
   * but not for ever: 5 s in a swap. A failure is logged and changes nothing else.
   */
  stop?(): void | Promise<void>
}

/** One open input. Exactly one of its two verbs is there: `decode` with a transport, `start` without one. */
export interface InputSession extends Session {
  /**
   * Turns one message into records. Synchronous, no I/O, no clock. Throws when the whole message is unusable:
   * it is then counted, logged and refused (given back when the error's `retryable` is true), and nothing of
   * it is handed on.
   */
  decode?(message: Message, out: RecordSink): void
  /**
   * Begins to produce without a transport, and returns or resolves within 30 s, once it does. Each
   * `emit(fill)` hands on what `fill` put into the sink, synchronously; its promise is the records' fate, as
   * that of `Intake.deliver`. When `start` throws or rejects, the host stops the session and opens one anew
   * with backoff.
   */
  start?(emit: (fill: (out: RecordSink) => void) => Promise<void>): void | Promise<void>
}

/** One open output. */
export interface OutputSession<S extends Signal = Signal> extends Session {
  /**
   * Makes the store accept a batch; the host never calls it again before it is settled. Resolved = the store
   * has the records (but those listed as rejected). Thrown = it has none of them: with `retryable: false` on
   * the error they are refused for good, otherwise they are written again with backoff, `retryAfter`
   * milliseconds being the least wait.
   */
  write(batch: BatchOf<S>): Promise<WriteResult>
  /**
   * Does with a batch all that `write` does up to the point where the store is asked: renders, measures, checks. Returns what would be
   * refused. It MUST NOT write anything, and change neither what a later `write` does nor what is counted. With it an operator can run a new
   * version on a copy of the traffic before it takes over (`swap --shadow`).
   */
  rehearse?(batch: BatchOf<S>): WriteResult | Promise<WriteResult>
  /**
   * The state that a swap hands to the next generation, asked for between two writes (or while one is open that is given up, as it has
   * hung for 5 s). Returns any structured-cloneable value, or a promise of one, which is awaited for 30 s; undefined = none. It MUST
   * stand for what was written when it was called, although writes go on while the promise is pending: take a copy. It MUST hold nothing
   * that a later write changes, unless the next generation's `follow` does no harm to it by taking the same batch once more. When it
   * throws or rejects, the swap fails and this session writes on, as it does after a failed `restore`: exporting MUST NOT change it.
   */
  exportState?(): unknown
  /**
   * Takes over the state that the generation before exported, before its first `follow` and `write` and within 30 s; the value is its
   * own from then on. Ignores what it does not understand. When it throws or rejects, the swap fails.
   */
  restore?(state: unknown): void | Promise<void>
  /**
   * Takes note of a batch that the generation before has written after it exported its state: the same records, in the same order. It
   * changes this session's state as `write` would and MUST NOT write them to a store again, or count them. With it the
   * generation before goes on writing while its state is handed over; without it the output's queue is held for that time. Called
   * after `restore`, never after the first `write`; given 30 s. When it throws or rejects, the swap fails.
   */
  follow?(batch: BatchOf<S>): void | Promise<void>
}

/** One open transport: connected, nothing consumed yet. */
export interface TransportSession<S = unknown> extends Session {
  /**
   * Makes one input's subscription ready within 30 s, without consuming. `options` are validated and frozen.
   * Throws or rejects when the peer refuses it; nothing may be left behind then, and the host tries again
   * with backoff: `retryAfter` on the error is honoured as the least wait, `retryable` is not looked at.
   */
  subscribe(options: S, intake: Intake, context: SubscriptionContext): Subscription | Promise<Subscription>
}

/** One open filter. It runs in the gateway's own thread, between two steps of a record's way. */
export interface FilterSession extends Session {
  /**
   * Returns the batch as it shall go on: the same one, another one of the same signal, or one of length 0. Synchronous. It is given
   * records of one message, 1 or more, and MUST NOT change them; it MUST NOT return more than it was given, and those that go on keep
   * their order. A series that it makes is frozen, and the same object each time that it is made of the same one. What it takes away is
   * counted, and settled. When it throws before an output, the records are handed to it anew one by one, and the one that it throws on
   * alone is refused for good; after an input, the message is refused as one that does not decode is.
   */
  apply(batch: Batch): Batch
}

interface Plugin<K extends Kind> {
  /** The contract's version. */
  readonly api: 1
  /** What it is; MUST be the `kind` in the manifest of its package. */
  readonly kind: K
  /** The plugin's short name, not empty, for example `collectd`. */
  readonly name: string
  /** A JSON Schema for `options` in startup.yaml; the one truth about them. */
  readonly options: JsonSchema
}

/** A complete input, as `defineInput` returns it. */
export interface InputDefinition<O extends JsonSchema = JsonSchema> extends Plugin<'input'> {
  /**
   * A JSON Schema for `options` in startup.yaml, written as a literal: `open`'s `options` are typed from it.
   */
  readonly options: O
  /** The signals that it may yield, at least one; at start the host warns of those that no output takes. */
  readonly signals: readonly Signal[]
  /** One message as its producer sends it, for documentation, `curl` lines and tests. */
  readonly example?: { readonly contentType: string; readonly body: string }
  /**
   * Opens a session within 30 s; it may return a promise. Whatever it throws or rejects with, nothing may be
   * left behind, and the host tries again with backoff, from 1 s to 30 s: `retryAfter` on the error is
   * honoured as the least wait, `retryable` is not looked at. In a swap it is not tried again: the swap
   * fails, the old session goes on.
   */
  open(context: InputContext<Options<O>>): InputSession | Promise<InputSession>
}

/** A complete output, as `defineOutput` returns it. */
export interface OutputDefinition<
  O extends JsonSchema = JsonSchema,
  S extends Signal = Signal,
> extends Plugin<'output'> {
  /**
   * A JSON Schema for `options` in startup.yaml, written as a literal: `open`'s `options` are typed from it.
   */
  readonly options: O
  /** The signals that it accepts, at least one; it is given no other. */
  readonly signals: readonly S[]
  /** Those of `signals` that it is given only when `signals` in startup.yaml names them. */
  readonly signalsOnRequest?: readonly NoInfer<S>[]
  /**
   * Opens a session, as `InputDefinition.open` does: within 30 s, tried again with backoff when it throws or
   * rejects, leaving nothing behind.
   */
  open(context: Context<Options<O>>): OutputSession<S> | Promise<OutputSession<S>>
}

/** A complete transport, as `defineTransport` returns it. */
export interface TransportDefinition<
  O extends JsonSchema = JsonSchema,
  S extends JsonSchema = JsonSchema,
> extends Plugin<'transport'> {
  /**
   * A JSON Schema for `options` in startup.yaml, written as a literal: `open`'s `options` are typed from it.
   */
  readonly options: O
  /**
   * A JSON Schema for what stands beside `transport` in an input's `from`; `subscribe`'s `options` are typed
   * from it.
   */
  readonly subscription: S
  /** Whether its peer sends a message again that was not acknowledged. */
  readonly redelivers: boolean
  /**
   * Opens a session, as `InputDefinition.open` does: within 30 s, tried again with backoff when it throws or
   * rejects, leaving nothing behind.
   */
  open(context: Context<Options<O>>): TransportSession<Options<S>> | Promise<TransportSession<Options<S>>>
}

/** A complete filter, as `defineFilter` returns it. */
export interface FilterDefinition<O extends JsonSchema = JsonSchema> extends Plugin<'filter'> {
  /**
   * A JSON Schema for `options` in startup.yaml, written as a literal: `open`'s `options` are typed from it.
   */
  readonly options: O
  /**
   * Opens a session, as `InputDefinition.open` does: within 30 s, tried again with backoff when it throws or
   * rejects, leaving nothing behind. While none is open, records wait.
   */
  open(context: Context<Options<O>>): FilterSession | Promise<FilterSession>
}

/** Any complete definition: what a plugin's module exports as its default. */
export type Definition = InputDefinition | OutputDefinition | TransportDefinition | FilterDefinition

type Undeclared<D> = Omit<D, 'api' | 'kind'>

/**
 * Declares an input. `open`'s `options` are typed from the schema literal. Does nothing else; throws nothing.
 */
export function defineInput<const O extends JsonSchema>(
  definition: Undeclared<InputDefinition<O>>,
): InputDefinition<O> {
  return { api: 1, kind: 'input', ...definition }
}

/**
 * Declares an output. `write`'s batch is typed from `signals`, `open`'s `options` from the schema. Throws
 * nothing.
 */
export function defineOutput<const O extends JsonSchema, const S extends Signal>(
  definition: Undeclared<OutputDefinition<O, S>>,
): OutputDefinition<O, S> {
  return { api: 1, kind: 'output', ...definition }
}

/** Declares a transport. Options and subscription are typed from their schema literals. Throws nothing. */
export function defineTransport<const O extends JsonSchema, const S extends JsonSchema>(
  definition: Undeclared<TransportDefinition<O, S>>,
): TransportDefinition<O, S> {
  return { api: 1, kind: 'transport', ...definition }
}

/** Declares a filter. `open`'s `options` are typed from the schema literal. Throws nothing. */
export function defineFilter<const O extends JsonSchema>(
  definition: Undeclared<FilterDefinition<O>>,
): FilterDefinition<O> {
  return { api: 1, kind: 'filter', ...definition }
}
