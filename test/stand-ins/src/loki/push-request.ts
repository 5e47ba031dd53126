/** A push as it was read, before anything was validated. */
export interface PushedStream {
  /** `{a="b"}`, as the protobuf form carries it; made from the object in the JSON form. */
  readonly labels: string
  readonly entries: readonly PushedEntry[]
}

export interface PushedEntry {
  readonly timestampNs: bigint
  readonly line: string
  /** Structured metadata. */
  readonly metadata: Readonly<Record<string, string>>
}
