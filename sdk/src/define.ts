import type { Batch, BatchOf, WriteResult } from './batch.ts'
import type { Context, Health, InputContext } from './context.ts'
import type { Intake, Message, Subscription, SubscriptionContext } from './message.ts'
import type { JsonSchema, Options } from './options.ts'
import type { RecordSink, Signal } from './record.ts'

/** What a plugin can be. */
export type Kind = 'transport' | 'input' | 'filter' | 'output'

/** What every open session may have. */
interface Session {
  /** Where a person finds what goes through it: a URL, a file. Never a secret. */
  readonly address?: string
  /** How it is, from what has happened to it; called often, so it MUST be cheap and MUST NOT do I/O. */
  health?(): Health
  /** Finishes what is under way, then lets go of everything. Calling it twice is fine. */
  stop?(): void | Promise<void>
}

/** One open input. Exactly one of its two verbs is there: `decode` with a transport, `start` without one. */
export interface InputSession extends Session {
  /**
   * Turns one message into records. Synchronous, no I/O, no clock. Throws when the whole message is unusable: it is then counted,
   * logged and refused, and nothing of it is handed on.
   */
  decode?(message: Message, out: RecordSink): void
  /**
   * Begins to produce without a transport. Each `emit(fill)` hands on what `fill` put into the sink; its promise is the records'
   * fate, as a transport's `deliver`.
   */
  start?(emit: (fill: (out: RecordSink) => void) => Promise<void>): void | Promise<void>
}

/** One open output. */
export interface OutputSession<S extends Signal = Signal> extends Session {
  /**
   * Makes the store accept a batch; the host never calls it again before it is settled. Resolved = the store has the records (but
   * those listed as rejected); thrown = it has none of them, and the error's `retryable` and `retryAfter` say what the host does next.
   */
  write(batch: BatchOf<S>): Promise<WriteResult>
  /** The state that a swap hands to the next generation, taken between two writes. Any structured-cloneable value. */
  exportState?(): unknown
  /** Takes over the state that the generation before exported, before its first write. Ignores what it does not understand. */
  restore?(state: unknown): void | Promise<void>
}

/** One open transport: connected, nothing consumed yet. */
export interface TransportSession<S = unknown> extends Session {
  /** Makes one input's subscription ready, without consuming. Rejects when the peer refuses it; nothing is left behind then. */
  subscribe(options: S, intake: Intake, context: SubscriptionContext): Subscription | Promise<Subscription>
}

/** One open filter. */
export interface FilterSession extends Session {
  /** Returns the batch as it shall go on: the same one, another one, or one of length 0. It MUST NOT change the one it is given. */
  apply(batch: Batch): Batch
}

interface Plugin<K extends Kind> {
  /** The contract's version. */
  readonly api: 1
  readonly kind: K
  /** The plugin's short name, for example `collectd`. */
  readonly name: string
  /** A JSON Schema for `options` in startup.yaml; the one truth about them. */
  readonly options: JsonSchema
}

/** A complete input, as `defineInput` returns it. */
export interface InputDefinition<O extends JsonSchema = JsonSchema> extends Plugin<'input'> {
  readonly options: O
  /** The signals that it may yield. */
  readonly signals: readonly Signal[]
  /** One message as its producer sends it, for documentation, `curl` lines and tests. */
  readonly example?: { readonly contentType: string; readonly body: string }
  open(context: InputContext<Options<O>>): InputSession | Promise<InputSession>
}

/** A complete output, as `defineOutput` returns it. */
export interface OutputDefinition<
  O extends JsonSchema = JsonSchema,
  S extends Signal = Signal,
> extends Plugin<'output'> {
  readonly options: O
  /** The signals that it accepts. */
  readonly signals: readonly S[]
  open(context: Context<Options<O>>): OutputSession<S> | Promise<OutputSession<S>>
}

/** A complete transport, as `defineTransport` returns it. */
export interface TransportDefinition<
  O extends JsonSchema = JsonSchema,
  S extends JsonSchema = JsonSchema,
> extends Plugin<'transport'> {
  readonly options: O
  /** A JSON Schema for what stands beside `transport` in an input's `from`. */
  readonly subscription: S
  /** Whether its peer sends a message again that was not acknowledged. */
  readonly redelivers: boolean
  open(context: Context<Options<O>>): TransportSession<Options<S>> | Promise<TransportSession<Options<S>>>
}

/** A complete filter. The kind is reserved: nothing loads one yet. */
export interface FilterDefinition<O extends JsonSchema = JsonSchema> extends Plugin<'filter'> {
  readonly options: O
  open(context: Context<Options<O>>): FilterSession | Promise<FilterSession>
}

/** Any complete definition: what a plugin's module exports as its default. */
export type Definition = InputDefinition | OutputDefinition | TransportDefinition | FilterDefinition

type Undeclared<D> = Omit<D, 'api' | 'kind'>

/** Declares an input. `open`'s `options` are typed from the schema literal. Does nothing else; throws nothing. */
export function defineInput<const O extends JsonSchema>(
  definition: Undeclared<InputDefinition<O>>,
): InputDefinition<O> {
  return { api: 1, kind: 'input', ...definition }
}

/** Declares an output. `write`'s batch is typed from `signals`, `open`'s `options` from the schema literal. */
export function defineOutput<const O extends JsonSchema, const S extends Signal>(
  definition: Undeclared<OutputDefinition<O, S>>,
): OutputDefinition<O, S> {
  return { api: 1, kind: 'output', ...definition }
}

/** Declares a transport. Options and subscription are typed from their schema literals. */
export function defineTransport<const O extends JsonSchema, const S extends JsonSchema>(
  definition: Undeclared<TransportDefinition<O, S>>,
): TransportDefinition<O, S> {
  return { api: 1, kind: 'transport', ...definition }
}
