import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Definition, JsonSchema } from '@smart-gateway/sdk'
import { seededRandom } from '@smart-gateway/sdk/testing'
import type { Author, Peer } from '../author.ts'
import { Failure, notRun, notTried } from '../finding.ts'
import type { Isolation } from '../isolation.ts'
import { Host } from '../host/host.ts'
import type { Closed, Stray } from '../lab/protocol.ts'
import { messageOf } from './message.ts'
import { PATIENCE, ending } from '../time.ts'
import { beginInThread } from '../worker/opening.ts'
import { beginToOpen, openGeneration } from './generation.ts'
import type { Generation } from './generation.ts'
import type { PluginPackage } from './plugin-package.ts'
import { sampleOptions } from './sample-options.ts'
import { closedPort } from './silent-peer.ts'
import { Traces } from './traces.ts'
import { Validator } from './validator.ts'

/** What is the same for every check of a run. */
export interface Standing {
  readonly plugin: PluginPackage
  readonly author: Author
  readonly seed: number
  /** The definition, or why there is none. */
  readonly definition: Definition | Error
  /** What came of the import: what a module bound to it (`AsyncLocalStorage.snapshot`) is seen there, whoever calls it. */
  readonly importing: Traces
  /** What the plugin has written to the process's output. */
  readonly printed: string[]
  /** What was thrown where nobody catches it, since the last check. */
  readonly strayed: string[]
  /** What several checks look at, once one has made it. */
  readonly shared: Map<string, Promise<unknown>>
  /** Where checks may have their folders. */
  readonly scratch: string
  /** Why it does not open, once that was seen: it is not tried again and again. */
  readonly closed: Closed
  /** The longest time that it has taken to open and to stop. */
  pace: { openMs: number; stopMs: number }
}

/** How a generation is opened, where it is not the first one of the instance `subject` with the usual options. */
export interface OpenRequest {
  readonly options?: Readonly<Record<string, unknown>>
  readonly instance?: string
  readonly generation?: number
  /** Whether its handlers answer at once. */
  readonly live?: boolean
  /** Where it runs, if not where the check is tried. */
  readonly isolation?: Isolation
}

const SOCKETS = 'it needs context.sockets, and runs inline only'

/** The plugin as one check has it before it: with a host, a folder and a peer of the check's own. */
export class Subject {
  readonly plugin: PluginPackage
  readonly author: Author
  readonly validator = new Validator()
  readonly random: () => number
  readonly seed: number
  readonly isolation: Isolation
  readonly folder: string
  readonly host: Host
  readonly traces = new Traces()
  readonly printed: readonly string[]
  /** What is worth a line in the report although nothing failed: a figure. */
  readonly notes: string[] = []
  /** What was thrown where nobody catches it while other checks ran. */
  readonly strays: readonly Stray[]
  readonly #standing: Standing
  readonly #generations: Generation[] = []
  readonly #peers: Peer[] = []
  #peer: Promise<Peer> | undefined

  private constructor(standing: Standing, folder: string, isolation: Isolation, strays: readonly Stray[]) {
    this.isolation = isolation
    this.strays = strays
    this.#standing = standing
    this.plugin = standing.plugin
    this.author = standing.author
    this.seed = standing.seed
    this.printed = standing.printed
    this.random = seededRandom(standing.seed)
    this.folder = folder
    this.host = new Host(folder)
  }

  static async make(standing: Standing, isolation: Isolation, strays: readonly Stray[]): Promise<Subject> {
    return new Subject(standing, await mkdtemp(join(standing.scratch, 'check-')), isolation, strays)
  }

  /** What the plugin's module exports. */
  get definition(): Definition {
    const { definition } = this.#standing
    if (definition instanceof Error) notTried('there is no definition, as package.definition has found')
    return definition
  }

  /** Whether its author brought a peer. */
  get isFull(): boolean {
    return this.author.setup !== undefined
  }

  /** The peer of this check, started when it is first asked for. */
  peer(): Promise<Peer> {
    return (this.#peer ??= this.#startPeer())
  }

  /** A peer beside that one; an Error where its author can start only one at a time. */
  async anotherPeer(): Promise<Peer | Error> {
    return await this.#startPeer(`peer-${this.#peers.length + 1}`).catch((error: Error) => error)
  }

  /** Options with which it opens: the peer's, the author's, or made from its schema. */
  async options(): Promise<Readonly<Record<string, unknown>>> {
    if (this.isFull) return (await this.peer()).options
    if (this.author.options !== undefined) return this.author.options
    return this.sample(this.definition.options, 'options')
  }

  /** A transport's subscription, found as `options` are; that of another peer where one is given. */
  async subscription(peer?: Peer): Promise<unknown> {
    const { definition } = this
    if (definition.kind !== 'transport') return undefined
    const given = this.isFull ? (peer ?? (await this.peer())).subscription : undefined
    const found =
      given ?? this.author.subscription ?? (await this.sample(definition.subscription, 'subscription'))
    return this.valid(definition.subscription, found)
  }

  /** Options made from a schema, that lead to a port on which nobody listens. */
  async sample(schema: JsonSchema, what: 'options' | 'subscription'): Promise<Record<string, unknown>> {
    const sample = sampleOptions(schema, this.validator, { port: await closedPort() })
    return sample ?? notTried(`no ${what} could be made from the schema; give some in conformance.js`, what)
  }

  /** Fills in the defaults. */
  valid<T>(schema: JsonSchema, given: T): T {
    const value = structuredClone(given)
    const mistake = this.validator.mistakeIn(schema, value)
    if (mistake !== undefined)
      throw new Failure({
        did: 'checked the options of conformance.js against the schema',
        saw: mistake,
        hint: 'Give options there that the schema of the plugin admits.',
      })
    return value
  }

  /** Takes note of what was thrown in another thread where nobody catches it. */
  stray(message: string): void {
    this.#standing.strayed.push(message)
  }

  /** Forgets the ways to somebody else that were made for the plugin so far. */
  forgetWays(): void {
    for (const { ways } of [this.traces, this.#standing.importing]) ways.clear()
  }

  /** Whether one was made since then. */
  get hasWays(): boolean {
    return [this.traces, this.#standing.importing].some(({ ways }) => ways.size > 0)
  }

  /** Whether one was made since then that begins with the plugin. */
  get hasGone(): boolean {
    return this.traces.hasGone || this.#standing.importing.hasGone
  }

  /** How long it takes to open and to stop, as far as that was seen. */
  get paceMs(): number {
    const { openMs, stopMs } = this.#standing.pace
    return openMs + stopMs
  }

  /** Opens a generation, which is closed after the check. Where it does not open at all, one check says so and the others do not apply. */
  async open(request: OpenRequest = {}): Promise<Generation> {
    const { definition, host, traces, plugin } = this
    const { closed, pace } = this.#standing
    const { instance = 'subject', generation: number = 1, live = true, isolation = this.isolation } = request
    const why = closed.inline ?? closed[isolation]
    if (why !== undefined) silent(why)
    const options = this.valid(definition.options, request.options ?? (await this.options()))
    const begin = isolation === 'inline' ? beginToOpen : beginInThread(plugin.folder)
    const owner = { instance, generation: number }
    try {
      const beganMs = performance.now()
      const opened = await traces.run(() => openGeneration(definition, host, owner, options, begin))
      pace.openMs = Math.max(pace.openMs, performance.now() - beganMs)
      const close = async (graceMs?: number): Promise<void> => {
        const stopMs = performance.now()
        await opened.close(graceMs)
        pace.stopMs = Math.max(pace.stopMs, performance.now() - stopMs)
      }
      const generation = { ...opened, close }
      if (live) generation.loan.activate()
      this.#generations.push(generation)
      return generation
    } catch (error) {
      return this.#failed(error, request, isolation)
    }
  }

  /** Says why it did not open. */
  #failed(error: unknown, { instance, generation }: OpenRequest, isolation: Isolation): never {
    const { closed } = this.#standing
    const isThreaded = isolation === 'worker'
    const { code } = error as { readonly code?: unknown }
    if (isThreaded && code === 'SG_PORT_REFUSED')
      silent((closed.worker = { status: 'not-run', reason: SOCKETS }))
    // One that opens inline has to do so in a thread.
    const isWrong = this.isFull || isThreaded || error instanceof Failure
    if (!isWrong) {
      const reason = `it does not open without a peer (${messageOf(error)}); give setup in conformance.js`
      silent((closed[isolation] = { status: 'not-tried', reason, hook: 'setup' }))
    }
    if (instance === undefined && (generation === undefined || isThreaded))
      closed[isolation] = { status: 'not-tried', reason: 'it does not open, as an earlier check has found' }
    if (error instanceof Failure) throw error
    throw new Failure({
      did: isThreaded ? 'opened it in a thread of its own' : 'open with the options of the peer',
      saw: `it failed: ${messageOf(error)}`,
      hint: isThreaded
        ? 'It works inline: what does it need that a thread has not?'
        : 'The peer of conformance.js has to run and be reached with its options when setup resolves.',
    })
  }

  /** Does something once for all checks of this process; what it gives is the same for each. */
  once<T>(what: string, work: () => Promise<T>): Promise<T> {
    const { shared } = this.#standing
    const made = (shared.get(what) as Promise<T> | undefined) ?? work()
    shared.set(what, made)
    return made
  }

  /** Closes what the check has opened. */
  async closeAll(): Promise<void> {
    await Promise.all(this.#generations.splice(0).map((generation) => generation.close(100)))
  }

  /** Ends all that the check has begun. */
  async end(): Promise<void> {
    await this.closeAll()
    await this.#peer?.catch(() => undefined)
    for (const peer of this.#peers) await ending(async () => peer.close())
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 })
  }

  async #startPeer(name = 'peer'): Promise<Peer> {
    const { setup } = this.author
    if (setup === undefined) notTried('it needs a peer: give setup in conformance.js', 'setup')
    const folder = join(this.folder, name)
    await mkdir(folder)
    const started = await ending(() => setup.call(this.author, { folder }), PATIENCE.checkMs / 2)
    if (started.how === 'resolved') {
      this.traces.rebase()
      this.#peers.push(started.value)
      return started.value
    }
    throw new Failure({
      did: 'setup of conformance.js',
      saw: started.how === 'pending' ? 'it does not resolve' : `it failed: ${messageOf(started.error)}`,
      hint: 'Resolve with { options, close } once the peer takes connections.',
    })
  }
}

function silent(why: NonNullable<Closed[Isolation]>): never {
  if (why.status === 'not-run') notRun(why.reason)
  notTried(why.reason, why.hook)
}
