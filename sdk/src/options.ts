/**
 * The part of JSON Schema (draft-07) that types an options object. Further keywords are for ajv and pass
 * through.
 */
export interface JsonSchema {
  /**
   * `string`, `number`, `integer`, `boolean`, `null`, `array` or `object`, or a list of those that are
   * admitted.
   */
  readonly type?: string | readonly string[]
  /** An object's known keys, each with the schema of its value. */
  readonly properties?: Readonly<Record<string, JsonSchema>>
  /** An object's keys that MUST be given; one with a `default` need not be. */
  readonly required?: readonly string[]
  /**
   * What keys beside `properties` may hold; false = there are none. Typed only where there are no
   * `properties`.
   */
  readonly additionalProperties?: boolean | JsonSchema
  /**
   * The schema of an array's every element; a list of them, one per position, is checked but typed `unknown`.
   */
  readonly items?: JsonSchema | readonly JsonSchema[]
  /** The values that are admitted; they are the type, whatever `type` says. */
  readonly enum?: readonly unknown[]
  /** The one value that is admitted; it is the type, whatever `type` says. */
  readonly const?: unknown
  /** Exactly one of these MUST fit; typed as their union, whatever stands beside it. */
  readonly oneOf?: readonly JsonSchema[]
  /** At least one of these MUST fit; typed as their union, whatever stands beside it. */
  readonly anyOf?: readonly JsonSchema[]
  /** The value of a key that was left out; the host fills it in, but not within `oneOf` and `anyOf`. */
  readonly default?: unknown
  /** What the value means, in one sentence; shown in editors. */
  readonly description?: string
  /**
   * True marks a secret, and every string within the value: the host hides it in logs, errors and its API,
   * unless it is shorter than 4 characters or a URL that is a mere address.
   */
  readonly writeOnly?: boolean
  /** Any other keyword: ajv checks it (`format`, `pattern`, `minimum`), it types nothing. */
  readonly [keyword: string]: unknown
}

/**
 * The TypeScript type of the values that a JSON Schema literal admits, as they are after validation: a key
 * that is required or has a default is present, any other may be absent.
 */
export type Options<S> = S extends { readonly const: infer C }
  ? C
  : S extends { readonly enum: readonly (infer E)[] }
    ? E
    : S extends { readonly oneOf: readonly (infer U)[] }
      ? Options<U>
      : S extends { readonly anyOf: readonly (infer U)[] }
        ? Options<U>
        : S extends { readonly type: infer T }
          ? OfType<S, T>
          : unknown

type OfType<S, T> = T extends readonly (infer U)[]
  ? OfType<S, U>
  : T extends 'string'
    ? string
    : T extends 'number' | 'integer'
      ? number
      : T extends 'boolean'
        ? boolean
        : T extends 'null'
          ? null
          : T extends 'array'
            ? readonly (S extends { readonly items: infer I } ? Options<I> : unknown)[]
            : T extends 'object'
              ? OfObject<S>
              : unknown

type OfObject<S> = S extends { readonly properties: infer P }
  ? Flat<
      { readonly [K in keyof P as K extends Present<S, P> ? K : never]: Options<P[K]> } & {
        readonly [K in keyof P as K extends Present<S, P> ? never : K]?: Options<P[K]>
      }
    >
  : S extends { readonly additionalProperties: infer A extends JsonSchema }
    ? Readonly<Record<string, Options<A>>>
    : Readonly<Record<string, unknown>>

type Present<S, P> =
  | (S extends { readonly required: readonly (infer R)[] } ? R : never)
  | { [K in keyof P]: P[K] extends { readonly default: unknown } ? K : never }[keyof P]

type Flat<T> = { [K in keyof T]: T[K] }
