import type { Signal } from '@smart-gateway/sdk'

/**
 * What the author of a plugin says to the suite: the default export of `conformance.js` or `conformance.ts`
 * beside its package.json (or in its folder `test`). Everything is optional: without `setup` the core profile
 * runs, with it the full one.
 */
export interface Author {
  /** Options with which the plugin opens where no peer is there. Left out: made from its schema. */
  readonly options?: Readonly<Record<string, unknown>>
  /** A transport's: what stands beside `transport` in an input's `from`. Left out: made from its schema. */
  readonly subscription?: Readonly<Record<string, unknown>>
  /**
   * Starts a peer for one check, an in-process stand-in or a real one, and resolves once it takes connections.
   * `lifecycle.two-instances` asks for a second one beside it; where there can be only one, reject then.
   */
  setup?(kit: Kit): Promise<Peer>
  /** SHOULD checks that are not to be run, by id, each with the reason; it is shown. A MUST cannot be skipped. */
  readonly skip?: Readonly<Record<string, string>>
}

/** What `setup` is given. */
export interface Kit {
  /** An empty folder, removed after the check. */
  readonly folder: string
}

/** How a peer was told the fate of a message: to forget it, to send it again, or never to. */
export type Fate = 'accepted' | 'returned' | 'refused'

/** The other side of a plugin, as far as a check can see and disturb it. */
export interface Peer {
  /** Options that reach it. */
  readonly options: Readonly<Record<string, unknown>>
  /** A transport's subscription that reaches it. */
  readonly subscription?: Readonly<Record<string, unknown>>
  /**
   * Inputs that start and transports: hands messages to the plugin, one for each text, and resolves without
   * waiting for their fate. Each text holds a token that no other one holds. `url` is what the plugin's
   * session or subscription gave as its address.
   */
  produce?(texts: readonly string[], address: string | undefined): Promise<void>
  /** Inputs that start and transports: the fate of the message that holds this text, once the peer was told one. */
  fate?(text: string): Promise<Fate | undefined> | Fate | undefined
  /**
   * Outputs: what the store holds, as one text for each record. A record is found by its token, which its
   * message, its labels and (for metrics) its label `token` hold. `address` is that of the session.
   */
  received?(address: string | undefined): Promise<readonly string[]> | readonly string[]
  /**
   * Outputs: how often the store was asked to take records so far, whatever it answered. With it is seen whether an
   * output sends again what was refused.
   */
  attempts?(): Promise<number> | number
  /** False where the store is the session itself, a page that is scraped say, and goes with it. What a peer could do wrong does not apply then. */
  readonly keeps?: boolean
  /** Outputs: whether `received` gives records in the order in which they came to the store. False: it cannot tell. */
  readonly ordered?: boolean
  /** Outputs: whether the store knows a record by its `id`, and could keep one of those with the same. */
  readonly knowsIds?: boolean
  /** Signals that it is worth writing to this peer; left out, all that the plugin is given without a request. */
  readonly signals?: readonly Signal[]
  /** What can go wrong with it. Each stays until `heal`. */
  readonly faults?: Faults
  /** Ends it. */
  close(): Promise<void> | void
}

/** Ways to disturb a peer; those that are left out are not tried, and the report says so. */
export interface Faults {
  /** Refuses connections, or breaks those that there are. */
  down?(): Promise<void> | void
  /** Takes a request or message and never answers; one that sends stops in the middle of a message. */
  hang?(): Promise<void> | void
  /** Asks to come again later, after so many milliseconds where the protocol can say it. */
  busy?(retryAfterMs: number): Promise<void> | void
  /** Refuses everything for good, as malformed. */
  refuse?(): Promise<void> | void
  /** Refuses for good each record that holds this token, and takes the others. */
  refuseOnly?(token: string): Promise<void> | void
  /** Ends every fault. */
  heal(): Promise<void> | void
}
