/** Takes note of what all plugins of a process share; what was changed of it since, in words. */
export function picture(): () => readonly string[] {
  const before = now()
  return () => {
    const after = now()
    return Object.keys({ ...before, ...after }).filter((key) => before[key] !== after[key])
  }
}

function now(): Record<string, unknown> {
  const entries: (readonly [string, unknown])[] = [
    ['the working folder', process.cwd()],
    ["the process's title", process.title],
    ['the exit code', process.exitCode],
    ['Error.stackTraceLimit', Error.stackTraceLimit],
    ['Error.prepareStackTrace', Error.prepareStackTrace],
    ['console.log', console.log],
    ['globalThis.fetch', Object.getOwnPropertyDescriptor(globalThis, 'fetch')?.value],
    ['the TLS setting NODE_TLS_REJECT_UNAUTHORIZED', process.env['NODE_TLS_REJECT_UNAUTHORIZED']],
    ...Object.entries(process.env).map(([name, value]) => [`the environment's ${name}`, value] as const),
    ...PROTOTYPES.map(({ name, prototype }) => [`what ${name}.prototype has`, namesOf(prototype)] as const),
    ...globals().map((name) => [`the global ${name}`, true] as const),
    ...process
      .eventNames()
      .map((name) => [`the listeners of process for ${String(name)}`, process.listenerCount(name)] as const),
  ]
  return Object.fromEntries(entries)
}

const PROTOTYPES = [
  Object,
  Function,
  Array,
  String,
  Number,
  Promise,
  Map,
  Set,
  Error,
  Date,
  RegExp,
  Uint8Array,
]

function namesOf(prototype: object): string {
  return Reflect.ownKeys(prototype).map(String).join()
}

/** Without TypeScript's helpers: libraries bring them, and every copy of them is alike. */
function globals(): readonly string[] {
  return Object.getOwnPropertyNames(globalThis).filter((name) => !/^__[a-z]/.test(name))
}
