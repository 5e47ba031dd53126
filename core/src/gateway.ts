import { resolve } from 'node:path'
import { Registry as Metrics } from 'prom-client'
import type { Logger } from 'pino'
import { AdminListener } from './admin/admin-listener.ts'
import { AdminSocket } from './admin/admin-socket.ts'
import { adminHandler } from './admin/admin.ts'
import { registerDeadLetterMetrics } from './admin/dead-letter-metrics.ts'
import { registerGatewayMetrics } from './admin/gateway-metrics.ts'
import { registerChangeMetrics } from './admin/change-metrics.ts'
import { sleep } from './backoff.ts'
import { boot } from './change/boot.ts'
import { Changes } from './change/changes.ts'
import { Follow } from './change/follow.ts'
import { Memory } from './change/memory.ts'
import { Probation } from './change/probation.ts'
import { Reconciler } from './change/reconciler.ts'
import { swapFolder } from './change/swap-folder.ts'
import type { Swapped } from './change/swap-folder.ts'
import { Standing } from './change/standing.ts'
import type { ConfigSource } from './config/load.ts'
import { readConfiguration } from './config/reading.ts'
import { Scrubber } from './config/secrets.ts'
import { DeadLetterBox } from './dead-letters/dead-letter-box.ts'
import { Replay } from './dead-letters/replay.ts'
import { Routes } from './host/routes.ts'
import { Sockets } from './host/sockets.ts'
import type { Host } from './host/host.ts'
import { Codes } from './plugins/codes.ts'
import { InlineCode } from './plugins/inline-code.ts'
import { GenerationStore } from './plugins/generations.ts'
import { LiveSettings } from './change/live-settings.ts'
import { Levels } from './levels.ts'
import { createLogger } from './log.ts'
import { Registry } from './registry/registry.ts'
import type { Left } from './registry/registry.ts'

/** How long a stop waits for the change under way. */
const CHANGE_GRACE_MS = 2000

/** A gateway that was made from a valid configuration. */
export interface Gateway {
  /** The instances that run. */
  readonly registry: Registry
  /** Where changes of what runs are asked for. */
  readonly reconciler: Reconciler
  /** The changes that were asked for, with their outcome. */
  readonly changes: Changes
  /**
   * Swaps the code of an instance, from a folder or else from where its plugin is installed, and waits for it. Rejects with
   * SG_UNKNOWN_INSTANCE, or with SG_SWAP_FAILED and the old generation untouched.
   */
  swap(name: string, folder?: string): Promise<Swapped>
  readonly log: Logger
  /** How long `stop` waits for messages under way, at most. */
  readonly drainMs: number
  /** Where the admin listener is, once it is bound. */
  readonly adminUrl: string | undefined
  /** Why the admin listener is not bound. */
  readonly adminFailure: string | undefined
  /** Starts every instance; resolves when each has had its first try. An instance that failed is tried again by itself. */
  start(): Promise<void>
  /** Drains, stops everything and says what is left where. Calling it twice gives the same promise. */
  stop(): Promise<Left>
}

/** How a gateway is made. */
export interface GatewayOptions {
  /** The folder that relative paths in a configuration object are meant from; default: the working folder. */
  readonly folder?: string
  /** Default: a logger as `createLogger` makes it, on standard error. */
  readonly log?: Logger
  readonly environment?: NodeJS.ProcessEnv
  /** Throws at a configuration with mistakes also where an earlier run left a good one; default: false. */
  readonly strict?: boolean
}

/**
 * Makes a gateway from the path of a startup.yaml or from an object of the same shape. Reads manifests, runs no plugin code yet.
 * Throws a ConfigError that lists every mistake, unless an earlier run left a good configuration to begin with.
 */
export function createGateway(config: string | object, options: GatewayOptions = {}): Gateway {
  const { folder = process.cwd(), environment = process.env } = options
  const source: ConfigSource = typeof config === 'string' ? { file: resolve(config) } : { config, folder }
  const begin = boot(source, environment, options)
  const reading = readConfiguration(source, environment)
  const { configuration } = begin
  const { gateway: settings } = configuration
  const scrubber = new Scrubber()
  scrubber.add(configuration.secrets)
  const live = new LiveSettings(settings)
  const levels = new Levels()
  const log =
    options.log ??
    createLogger({ level: settings.logLevel, name: settings.name, scrubber, onChild: levels.take })
  const metrics = new Metrics()
  const onError = (err: unknown, what: string) => log.error({ err }, `${what} failed`)
  const leaving = new Set<string>()
  const routes = new Routes(onError, leaving)
  const { stateFolder } = settings
  const deadLetters = new DeadLetterBox({ stateFolder, limits: settings.deadLetters, scrubber, log })
  const store = new GenerationStore({
    stateFolder,
    folder: configuration.folder,
    log,
    rules: () => live.now.plugins,
  })
  const codes = new Codes(store, begin.lastGood?.pins ?? {}, log)
  const inlineCode = new InlineCode(log)
  const host: Host = {
    log,
    scrubber,
    metrics,
    routes,
    sockets: new Sockets(onError, leaving),
    deadLetters,
    codes,
    inlineCode,
    folder: configuration.folder,
    stateFolder,
  }
  const registry = new Registry(configuration, host)
  const changes = new Changes(log)
  const standing = new Standing()
  const memory = new Memory({
    source,
    stateFolder,
    good: begin.instead === undefined ? reading.raw : begin.lastGood!.raw,
    entries: registry.entries,
    codes,
    log,
  })
  const reconciler = new Reconciler({
    source,
    environment,
    registry,
    codes,
    changes,
    leaving,
    settings: live,
    drainMs: () => live.now.drainMs,
    touching: () => probation.end(),
    read(reading) {
      follow.take(reading)
    },
    learned: (secrets) => scrubber.add(secrets),
    thrownOut: ({ what, steps }) => standing.refuse(`${what}: ${steps[0]?.step.why ?? ''}`),
    async changed(change, reading) {
      if (reading !== undefined) standing.take(change)
      if (options.log === undefined) levels.set(log, live.now.logLevel)
      await memory.keep(change, reading)
      await follow.start()
    },
  })
  const probation = new Probation({
    registry,
    forMs: () => live.now.probationMs,
    log,
    undo: (name, former, evidence) => reconciler.undo(name, former, evidence),
  })
  changes.onDone((change) => probation.watch(change))
  const follow = new Follow(source, registry, reconciler, log)
  registerGatewayMetrics(metrics, registry)
  registerChangeMetrics(metrics, changes, standing, inlineCode)
  registerDeadLetterMetrics(metrics, deadLetters)

  let stopped: Promise<Left> | undefined
  let replay: Replay | undefined
  const handler = adminHandler({
    registry,
    reconciler,
    changes,
    standing,
    metrics,
    letters: () => deadLetters.open(),
    async replay() {
      const letters = await deadLetters.open()
      replay ??= letters && new Replay(letters, (letter) => registry.redeliver(letter))
      return replay
    },
    token: () => live.now.admin.token,
    draining: () => stopped !== undefined,
  })
  const admin = new AdminListener(routes, settings.admin, handler, log)
  const socket = new AdminSocket(stateFolder, handler, log)
  const stop = async (): Promise<Left> => {
    follow.stop()
    probation.stop()
    // A change under way is given up; one that drains what leaves does not hold the stop up.
    const over = new AbortController()
    await Promise.race([changes.close(), sleep(CHANGE_GRACE_MS, over.signal)])
    over.abort()
    const left = await registry.stop(live.now.drainMs)
    await Promise.all([admin.close(), socket.close(), deadLetters.close()])
    return left
  }
  return {
    registry,
    reconciler,
    changes,
    log,
    get drainMs() {
      return live.now.drainMs
    },
    get adminUrl() {
      return admin.url
    },
    get adminFailure() {
      return admin.failure
    },
    async start() {
      if (begin.unreadable !== undefined) log.warn(begin.unreadable)
      if (begin.instead !== undefined) {
        log.error(
          { code: begin.instead.code },
          `${begin.instead.message}\nthe last good configuration is started instead`,
        )
        standing.refuse(begin.instead.message)
      }
      // First: a peer that does not answer makes a start long, and somebody may edit meanwhile.
      follow.take(reading)
      await Promise.all([admin.open(), socket.open(), registry.start()])
      await memory.begin()
      probation.start()
      await follow.start()
      if (begin.instead !== undefined) reconciler.reload('start')
    },
    swap: (name, path) => swapFolder({ reconciler, registry }, name, path),
    stop: () => (stopped ??= stop()),
  }
}
