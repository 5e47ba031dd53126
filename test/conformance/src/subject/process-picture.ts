import { hasSubscribers } from 'node:diagnostics_channel'
import http from 'node:http'
import https from 'node:https'

/** Takes note of what all plugins of a process share; what was changed of it since, in words. */
export function picture(): () => readonly string[] {
  // With the first of these Node makes the dispatcher of its own `fetch`, a global.
  void globalThis.Headers
  const before = now()
  return () => {
    const after = now()
    const keys = new Set([...before.keys(), ...after.keys()])
    return [...keys].filter((key) => !isAlike(before.get(key), after.get(key)))
  }
}

/** What stands under a name: one value, or several in their order. */
type Sight = readonly unknown[]

function now(): ReadonlyMap<string, Sight> {
  return new Map([
    ['the working folder', [process.cwd()]],
    ["the process's title", [process.title]],
    ['the exit code', [process.exitCode]],
    ['Error.stackTraceLimit', [Error.stackTraceLimit]],
    ['Error.prepareStackTrace', [Error.prepareStackTrace]],
    ...Object.entries(process.env).map(([name, value]) => [`the environment's ${name}`, [value]] as const),
    ...Object.entries({ console, JSON, Math, Reflect, Atomics }).map(
      ([name, shared]) => [`what ${name} has`, membersOf(shared)] as const,
    ),
    ...CLASSES.flatMap((one) => [
      [`what ${one.name} has`, membersOf(one)] as const,
      [`what ${one.name}.prototype has`, membersOf(one.prototype as object)] as const,
    ]),
    ...globals(),
    ...Object.entries({ http, https }).map(
      ([name, { globalAgent }]) => [`${name}.globalAgent`, settingsOf(globalAgent)] as const,
    ),
    ...CHANNELS.map((name) => [`who listens to the channel ${name}`, [hasSubscribers(name)]] as const),
    ...process
      .eventNames()
      .map(
        (name) => [`the listeners of process for ${String(name)}`, [process.listenerCount(name)]] as const,
      ),
  ])
}

function isAlike(one: Sight = [], other: Sight = []): boolean {
  return one.length === other.length && one.every((value, i) => Object.is(value, other[i]))
}

const CLASSES = [
  Object,
  Function,
  Array,
  String,
  Number,
  Boolean,
  BigInt,
  Symbol,
  Promise,
  Map,
  Set,
  WeakMap,
  Error,
  Date,
  RegExp,
  Uint8Array,
  Float64Array,
  Buffer,
  URL,
  AbortSignal,
]

/** Those on which Node tells what goes on in the whole process. */
const CHANNELS = [
  'http.client.request.created',
  'http.client.request.start',
  'http.client.request.error',
  'http.client.response.finish',
  'http.server.request.start',
  'http.server.response.created',
  'http.server.response.finish',
  'net.client.socket',
  'net.server.socket',
  'udp.socket',
  'child_process',
  'worker_threads',
  'undici:request:create',
  'undici:request:headers',
  'undici:request:error',
  'undici:client:connected',
]

/** Its keys, and what stands there; getters are not called. */
function membersOf(owner: object): Sight {
  return Reflect.ownKeys(owner)
    .filter((key) => !UNSTEADY.has(key))
    .flatMap((key) => {
      const { value, get, set } = Object.getOwnPropertyDescriptor(owner, key)!
      return [key, value as unknown, get, set]
    })
}

/** They stand in the picture under names of their own. */
const UNSTEADY: ReadonlySet<PropertyKey> = new Set(['stackTraceLimit', 'prepareStackTrace'])

function settingsOf(agent: http.Agent): Sight {
  const { maxSockets, maxFreeSockets, maxTotalSockets } = agent
  // The types know nothing of these.
  const { keepAlive, options } = agent as unknown as { keepAlive: unknown; options: object }
  return [agent, keepAlive, maxSockets, maxFreeSockets, maxTotalSockets, ...Object.entries(options).flat()]
}

/** Without TypeScript's helpers: libraries bring them, and every copy of them is alike. */
function globals(): readonly (readonly [string, Sight])[] {
  return Reflect.ownKeys(globalThis)
    .filter((key) => typeof key === 'symbol' || !/^__[a-z]/.test(key))
    .map((key) => {
      const { value } = Object.getOwnPropertyDescriptor(globalThis, key)!
      // Others come to be when they are first used: that they are there is all that says something of them.
      const isTold = typeof key === 'symbol' || STEADY.has(key)
      return [`the global ${String(key)}`, [isTold ? (value as unknown) : true]] as const
    })
}

const STEADY: ReadonlySet<string> = new Set([
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'queueMicrotask',
  'structuredClone',
  'Promise',
  'Date',
  'Error',
  'Map',
  'Set',
])
