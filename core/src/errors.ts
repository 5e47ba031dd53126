import type { PluginError } from '@smart-gateway/sdk'

/** Every failure that the gateway itself names: a sentence and what to do. `docs/errors.md` is made from this table. */
export const ERRORS = {
  SG_CONFIG_INVALID: {
    means: 'The configuration has mistakes; each is listed with its place.',
    hint: 'Mend the places named; `smart-gateway check` tries without starting. At start the process exits with 78.',
  },
  SG_PORT_IN_USE: {
    means: 'An address that an instance shall listen on is taken by another process.',
    hint: 'Choose another port in startup.yaml, or end the process that holds it (`ss -ltnp` shows it, `ss -lunp` for UDP).',
  },
  SG_PORT_REFUSED: {
    means: 'The system does not let this process listen on an address.',
    hint: 'Use a port from 1024 on and a host address of this machine.',
  },
  SG_ROUTE_TAKEN: {
    means: 'Two instances want to serve the same path on the same address.',
    hint: 'Give one of them another path or port.',
  },
  SG_OPEN_FAILED: {
    means: 'A plugin could not open with its options.',
    hint: 'Check its options, and that what it connects to runs; the gateway tries again by itself.',
  },
  SG_PLUGIN_TIMEOUT: {
    means: 'A plugin did not finish a step in time: open, subscribe, start, restore or stop.',
    hint: 'Look whether its peer answers; the gateway tries again by itself.',
  },
  SG_SHADOW_DIFFERS: {
    means: 'A new generation ran on a copy of the traffic, and did otherwise than the one that works.',
    hint: 'Read the differences. Where they are wanted, swap without --shadow; where nothing came, give it more time.',
  },
  SG_NO_SHADOW: {
    means: 'This instance cannot be tried on a copy of the traffic.',
    hint: 'Swap it without --shadow; probation watches it afterwards.',
  },
  SG_SUBSCRIBE_FAILED: {
    means: "A transport could not make an input's subscription ready.",
    hint: 'See the reason behind it: a queue or a path may be missing; the gateway tries again by itself.',
  },
  SG_SESSION_LOST: {
    means: 'A plugin said that its session cannot go on, a lost connection for example.',
    hint: 'Look after the peer; the gateway opens it anew by itself.',
  },
  SG_IMPORT_FAILED: {
    means: "A plugin's module could not be imported.",
    hint: 'See the reason behind it; a dependency may be missing: run npm install where the plugin is installed, then swap it or start again (Node remembers a module that failed).',
  },
  SG_DEFINITION_INVALID: {
    means: "A plugin's default export is not a definition of the kind and api that its manifest promises.",
    hint: "Export what defineInput, defineOutput, defineTransport or defineFilter returns; tell the plugin's author.",
  },
  SG_OPTIONS_INVALID: {
    means: "The options in the configuration do not fit the plugin's schema.",
    hint: 'Mend the options named.',
  },
  SG_NO_FROM: {
    means: 'An input that decodes messages has no subscription that brings it any.',
    hint: 'Give it `from: { transport: NAME, ... }` in startup.yaml.',
  },
  SG_NO_FILTER: {
    means: 'A filter that an input or an output names is not there, or not open.',
    hint: 'See why in `smart-gateway status`: records wait for it, and never pass without it.',
  },
  SG_UNKNOWN_INSTANCE: {
    means: 'There is no instance of that name.',
    hint: '`smart-gateway status` and GET /api/v1/instances list them.',
  },
  SG_SWAP_FAILED: {
    means: 'A new generation could not be made ready; the old one goes on untouched.',
    hint: 'See the reason behind it, mend the new version and swap again.',
  },
  SG_WORKER_ENDED: {
    means:
      'The thread of a plugin ended by itself, or was ended: an exception, process.exit, an endless loop, too much memory.',
    hint: "Tell the plugin's author; it is started anew by itself, and what it was at is tried again, one by one.",
  },
  SG_PLACE_FAILED: {
    means: 'The code of a plugin could not be taken into a folder of its own.',
    hint: 'See the reason behind it: a package that is not whole, no room on the disk, npm; then ask for the change again.',
  },
  SG_NOT_ALLOWED: {
    means: 'A package may not be fetched from npm: by its name, its version or its integrity.',
    hint: 'See `gateway.plugins` in startup.yaml: `allow` names the packages that may be fetched, `pinned` their integrity.',
  },
  SG_NO_EARLIER_CODE: {
    means: 'There is no earlier code of an instance to go back to.',
    hint: 'Swap to a version or a folder; `gateway.plugins.keep` says how many earlier ones stay on the disk.',
  },
  SG_CHANGE_REFUSED: {
    means: 'A change was not carried out, or only in part; what ran before goes on.',
    hint: 'See the reasons behind it, mend what they name and ask for it again. `smart-gateway changes` lists the last ones.',
  },
  SG_TOO_MANY_CHANGES: {
    means: 'So many changes wait for their turn that no further one is taken.',
    hint: 'Wait until some are done: `smart-gateway changes` lists them, and which one is under way.',
  },
  SG_DEAD_LETTERS_FAILED: {
    means: 'The dead letter store cannot be opened.',
    hint: 'Mend what the reason names; a damaged file can be moved away, a new one is made at the next start. Without it the gateway goes on: what is refused for good is logged and not kept.',
  },
  SG_STOPPING: {
    means: 'The gateway is stopping and gives messages back.',
    hint: 'Nothing: the peer sends them again to the next one.',
  },
  SG_QUEUE_IN_USE: {
    means: 'The file of a disk queue is open in another gateway.',
    hint: 'End the other one, or give this one a `gateway.state` folder of its own.',
  },
  SG_QUEUE_DAMAGED: {
    means: 'The file of a disk queue is damaged, or is none.',
    hint: 'Move it, and what lies beside it under the same name, to another folder: the gateway makes a new one. `sqlite3 FILE .recover` may save what the old one holds.',
  },
  SG_QUEUE_FORMAT: {
    means: 'The file of a disk queue has a format that this version of the gateway does not know.',
    hint: 'Let the version that wrote it drain it, or move it, and what lies beside it under the same name, to another folder.',
  },
  SG_QUEUE_NO_ROOM: {
    means: 'A disk queue cannot take more: its disk is full.',
    hint: 'Make room; meanwhile the queue is drained and takes nothing, then it goes on by itself.',
  },
  SG_QUEUE_UNWRITABLE: {
    means: 'The file of a disk queue could not be opened or written.',
    hint: 'See the reason behind it: permissions, a quota, a failing disk; the gateway tries again by itself.',
  },
  SG_QUEUE_NOT_MOVED: {
    means:
      'The queue of an output could not move between memory and disk while it runs; it stays where it is.',
    hint: 'Look at the reason; when it has passed, ask for the change again (save startup.yaml, or `smart-gateway reload`).',
  },
  SG_QUEUE_ENDED: {
    means: 'A disk queue was closed, or its thread failed.',
    hint: 'See the reason behind it; the gateway opens it anew by itself, and what was on the disk is there.',
  },
  SG_RECORD_UNSTORABLE: {
    means: 'A record cannot be written to a disk queue: it holds what JSON cannot.',
    hint: "Tell the author of the input's plugin.",
  },
} as const

export type ErrorCode = keyof typeof ERRORS

/** A failure of the gateway's own: a code from the table, what failed and where in the message, the reason as cause. */
export class GatewayError extends Error {
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly #hint: string | undefined

  constructor(
    code: ErrorCode,
    message: string,
    { cause, retryable = true, hint }: { cause?: unknown; retryable?: boolean; hint?: string } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.retryable = retryable
    this.#hint = hint
  }

  /** What to do: the table's hint, where no narrower one was given. */
  get hint(): string {
    return this.#hint ?? ERRORS[this.code].hint
  }
}

/** What was thrown as an error: plugins are JavaScript, and JavaScript throws anything. */
export function asError(thrown: unknown): PluginError {
  if (typeof thrown === 'object' && thrown !== null && typeof (thrown as Error).message === 'string')
    return thrown as PluginError
  return new Error(typeof thrown === 'string' ? thrown : `${typeof thrown} was thrown instead of an error`)
}

/** Causes beyond this say no more, and some go in a circle. */
const MAX_CAUSES = 5

/** An error's message with the messages of its causes behind it, on one line. */
export function reasonOf(error: unknown): string {
  const messages: string[] = []
  let at: unknown = error
  for (let depth = 0; depth < MAX_CAUSES; depth++) {
    const known = asError(at)
    const message = messageOf(known)
    if (!messages.some((one) => one.includes(message))) messages.push(message)
    at = known.cause
    if (at === undefined || at === null) break
  }
  return messages.join(': ')
}

/** How long a peer asked to wait before the next try, by the error or one of its causes; 0 when it did not. */
export function retryAfterOf(error: unknown): number {
  for (let at = error, depth = 0; typeof at === 'object' && at !== null && depth < MAX_CAUSES; depth++) {
    const { retryAfter, cause } = at as PluginError
    if (typeof retryAfter === 'number' && retryAfter > 0) return retryAfter
    at = cause
  }
  return 0
}

// A connection that failed on every address of a name comes without a message of its own.
function messageOf(error: PluginError & { readonly errors?: readonly unknown[] }): string {
  const inner = error.message === '' && Array.isArray(error.errors) ? error.errors.map(asError) : []
  const text = error.message || inner.map(({ message }) => message).join(', ') || error.code || error.name
  return text.replaceAll(/\s*\n\s*/g, ' ').slice(0, 500)
}
