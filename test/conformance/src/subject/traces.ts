import { AsyncLocalStorage, createHook } from 'node:async_hooks'
import { readdirSync, readlinkSync } from 'node:fs'
import { PATIENCE, until } from '../time.ts'
import { collectGarbage } from './garbage.ts'

interface Timer {
  readonly _destroyed: boolean
  readonly _repeat: number | null
  readonly _idleTimeout: number
  hasRef(): boolean
}

/** What libuv holds open for somebody, by the name of its kind: it shows as no file descriptor of its own, and may be unref'd. */
interface Handle {
  readonly what: string
  /** Undefined once it is closed. */
  hasRef(): boolean | undefined
}

/** An attempt to connect; it knows to which port once it is under way. */
interface Connection {
  readonly port?: number
}

const HANDLES: Readonly<Record<string, string>> = {
  PROCESSWRAP: 'a process that it started',
  WORKER: 'a thread that it started',
  FSEVENTWRAP: 'a watcher of files',
  STATWATCHER: 'a watcher of a file',
}

/** Where somebody comes to listen, or to one who listens. */
const LISTENING = ['TCPWRAP', 'TCPSERVERWRAP', 'PIPEWRAP', 'PIPESERVERWRAP', 'UDPWRAP'] as const
/** Where somebody goes to somebody else. */
const GOING: readonly string[] =
  'TCPCONNECTWRAP PIPECONNECTWRAP UDPSENDWRAP HTTPCLIENTREQUEST UNDICI_REQUEST GETADDRINFOREQWRAP QUERYWRAP PROCESSWRAP WORKER'.split(
    ' ',
  )
/** Where somebody says something, be it to whoever came. */
const SAYING = ['TLSWRAP', 'WRITEWRAP', 'HTTPINCOMINGMESSAGE', 'HTTP2SESSION', 'HTTP2STREAM'] as const
const SPEECH: ReadonlySet<string> = new Set([...GOING, ...SAYING])
const WAYS: ReadonlySet<string> = new Set([...LISTENING, ...SPEECH])

const inside = new AsyncLocalStorage<Traces>()

/** Binds for a plugin: what comes of it later is the plugin's as ever, but that somebody listens is not. */
export function lend<T>(work: () => T): T {
  const traces = inside.getStore()
  if (traces === undefined) return work()
  const view = Object.create(traces, { isLent: { value: true } }) as Traces
  return inside.run(view, work)
}

createHook({
  init(_id, type, _trigger, resource) {
    const traces = inside.getStore()
    if (traces === undefined) return
    if (type === 'Timeout') traces.timers.push(resource as Timer)
    if (type === 'TCPCONNECTWRAP') traces.connections.push(resource as Connection)
    if ((traces.isLent ? SPEECH : WAYS).has(type)) traces.ways.add(type)
    const what = HANDLES[type]
    if (what === undefined) return
    const handle = resource as Omit<Handle, 'what'>
    traces.handles.push({ what, hasRef: () => handle.hasRef() })
  },
}).enable()

/** What a plugin leaves in the process: timers, processes, threads and watchers that it made, and descriptors that were not open before. */
export class Traces {
  readonly timers: Timer[] = []
  readonly handles: Handle[] = []
  readonly connections: Connection[] = []
  #descriptors = descriptors()
  /** The ways to somebody else that it has made, by the names that Node has for them: connections, listeners, requests, processes, threads. */
  readonly ways = new Set<string>()
  /** True where what listens is the host's. */
  readonly isLent: boolean = false

  /** Whether it has gone to somebody else, and not only listened or answered. */
  get hasGone(): boolean {
    return GOING.some((way) => this.ways.has(way))
  }

  /** Takes what is open now for what was open before: it is the peer's. */
  rebase(): void {
    this.#descriptors = descriptors()
  }

  /** Runs work of the plugin: what comes of it, however late, is attributed to it. */
  run<T>(work: () => T): T {
    return inside.run(this, work)
  }

  /** What is left now, in words. */
  left(): readonly string[] {
    const timers = this.timers
      .filter(({ _destroyed }) => !_destroyed)
      .map((timer) => {
        const { _repeat: repeat, _idleTimeout: ms } = timer
        const kind = repeat === null ? 'a timeout' : 'an interval'
        return `${kind} of ${ms} ms${timer.hasRef() ? '' : ' (unref’d)'}`
      })
    const opened = [...descriptors()].flatMap(([target, count]) =>
      count > (this.#descriptors.get(target) ?? 0) ? [target] : [],
    )
    const held = this.handles
      .map(({ what, hasRef }) => [what, hasRef()] as const)
      .filter(([, isRef]) => isRef !== undefined)
      .map(([what, isRef]) => `${what}${isRef === true ? '' : ' (unref’d)'}`)
    return [...timers, ...held, ...opened]
  }

  /** Whether what is left will not end by itself in that time. */
  #isHopeless(ms: number): boolean {
    const alive = this.timers.filter(({ _destroyed }) => !_destroyed)
    return alive.some(({ _repeat: repeat, _idleTimeout: afterMs }) => repeat !== null || afterMs > ms)
  }

  /** Waits until nothing is left; what is left after all. */
  async settled(ms: number = PATIENCE.settleMs): Promise<readonly string[]> {
    // The timer of AbortSignal.timeout ends with the signal, which nobody can end but the collector.
    await until(() => this.left().length === 0, COLLECT_AFTER_MS)
    if (this.left().length > 0) collectGarbage()
    await until(() => this.left().length === 0, this.#isHopeless(ms) ? HOPELESS_MS : ms)
    return this.left()
  }
}

const COLLECT_AFTER_MS = 50
/** An interval may still be ended by whoever is about to. */
const HOPELESS_MS = 500

/** Open descriptors by what they are; where the system does not tell, what keeps the process alive. */
function descriptors(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const target of targets()) counts.set(target, (counts.get(target) ?? 0) + 1)
  return counts
}

function targets(): readonly string[] {
  try {
    return readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        const target = readlinkSync(`/proc/self/fd/${fd}`)
        // Node's own: they come with threads and with what is watched for the first time.
        return /^anon_inode|^\/dev\/|^pipe:|\/proc\//.test(target)
          ? []
          : [target.startsWith('socket') ? target.replace('socket:', 'socket ') : `the open file ${target}`]
      } catch {
        return []
      }
    })
  } catch {
    return process.getActiveResourcesInfo().filter((name) => name !== 'Timeout' && name !== 'Immediate')
  }
}
