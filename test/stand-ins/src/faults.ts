/** What both stand-ins can be told to do wrong, whatever they stand in for. One rule is one misbehaviour. */
export type Fault<Item> = FaultScope &
  (StatusFault | HtmlFault | RedirectFault | HangUpFault | ErrorInside200Fault | ItemFault<Item> | DelayFault)

/** When a rule applies, and how often. */
export interface FaultScope {
  /** Requests that the rule may hit; it is used up after them. Default: every request until `stop()`. */
  readonly times?: number
  /** Which paths it concerns (without the query). Default: the ones that write. */
  readonly path?: RegExp
  /** Waits this long, in milliseconds, before anything else is done with the request. */
  readonly delayMs?: number
}

/** Answers with this status instead of doing what was asked; a body that is not a string is sent as JSON. */
export interface StatusFault {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Answers with a page, as a proxy in front of the store does; status 502 unless told. Nothing is stored. */
export interface HtmlFault {
  readonly html: string
  readonly status?: number
}

/** Sends the client elsewhere; status 307 unless told. Nothing is stored. */
export interface RedirectFault {
  readonly redirect: string
  readonly status?: 301 | 302 | 303 | 307 | 308
}

/**
 * Cuts the connection. `before`: nothing was stored, no byte is answered. `mid`: everything was stored, half of
 * the answer is sent. `after`: everything was stored, no byte is answered.
 */
export interface HangUpFault {
  readonly hangUp: 'before' | 'mid' | 'after'
}

/** Answers 200 with an error of this text in the body. Nothing is stored. */
export interface ErrorInside200Fault {
  readonly errorInside200: string
}

/** Refuses single items of a request: the n-th item (from 0) for which this returns a refusal is not stored. */
export interface ItemFault<Item> {
  readonly items: (item: Item, n: number) => ItemRefusal | undefined
}

/** How one item is refused. */
export interface ItemRefusal {
  readonly status: number
  /** Elasticsearch's `error.type`; Loki has none. */
  readonly type?: string
  readonly reason: string
}

/** Only waits. */
export interface DelayFault {
  readonly delayMs: number
}

/** A rule at work. */
export interface ActiveFault {
  /** Requests that it has hit so far: a test should assert that its fault happened. */
  readonly hits: number
  /** Takes the rule back. */
  stop(): void
}

export interface Faults<Item> {
  add(fault: Fault<Item>): ActiveFault
  /** The first rule that concerns the path, counted as hit; undefined when none does. */
  take(path: string): Fault<Item> | undefined
}

export function faultRules<Item>(writePaths: RegExp): Faults<Item> {
  const rules = new Set<{ fault: Fault<Item>; hits: number }>()
  return {
    add(fault) {
      const rule = { fault, hits: 0 }
      rules.add(rule)
      return {
        get hits() {
          return rule.hits
        },
        stop: () => void rules.delete(rule),
      }
    },
    take(path) {
      for (const rule of rules) {
        if (!(rule.fault.path ?? writePaths).test(path)) continue
        rule.hits += 1
        if (rule.hits >= (rule.fault.times ?? Infinity)) rules.delete(rule)
        return rule.fault
      }
      return undefined
    },
  }
}
