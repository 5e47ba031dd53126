/** The part of JSON Schema (draft-07) that types an options object. Further keywords are for ajv and pass through. */
export interface JsonSchema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | JsonSchema
  readonly items?: JsonSchema | readonly JsonSchema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly oneOf?: readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
  readonly default?: unknown
  /** Shown in the README table, in editors and beside errors. */
  readonly description?: string
  /** True marks a secret: it is never shown. */
  readonly writeOnly?: boolean
  readonly [keyword: string]: unknown
}

/**
 * The TypeScript type of the values that a JSON Schema literal admits, as they are after validation: a key that is
 * required or has a default is present, any other may be absent.
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
