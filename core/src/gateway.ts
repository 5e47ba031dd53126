import { Registry as Metrics } from 'prom-client'
import type { Logger } from 'pino'
import { AdminListener } from './admin/admin-listener.ts'
import { adminHandler } from './admin/admin.ts'
import { registerDeadLetterMetrics } from './admin/dead-letter-metrics.ts'
import { registerGatewayMetrics } from './admin/gateway-metrics.ts'
import { loadConfiguration } from './config/load.ts'
import type { ConfigSource } from './config/load.ts'
import { Scrubber } from './config/secrets.ts'
import { DeadLetterBox } from './dead-letters/dead-letter-box.ts'
import { Replay } from './dead-letters/replay.ts'
import { Routes } from './host/routes.ts'
import { Sockets } from './host/sockets.ts'
import type { Host } from './host/host.ts'
import { createLogger } from './log.ts'
import { Registry } from './registry/registry.ts'
import type { Left } from './registry/registry.ts'

/** A gateway that was made from a valid configuration. */
export interface Gateway {
  /** The instances that run. */
  readonly registry: Registry
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
}

/**
 * Makes a gateway from the path of a startup.yaml or from an object of the same shape. Reads manifests, runs no plugin code yet.
 * Throws a ConfigError that lists every mistake.
 */
export function createGateway(config: string | object, options: GatewayOptions = {}): Gateway {
  const { folder = process.cwd(), environment = process.env } = options
  const source: ConfigSource = typeof config === 'string' ? { file: config } : { config, folder }
  const configuration = loadConfiguration(source, environment)
  const { gateway: settings } = configuration
  const scrubber = new Scrubber()
  scrubber.add(configuration.secrets)
  const log = options.log ?? createLogger({ level: settings.logLevel, name: settings.name, scrubber })
  const metrics = new Metrics()
  const onError = (err: unknown, what: string) => log.error({ err }, `${what} failed`)
  const routes = new Routes(onError)
  const sockets = new Sockets(onError)
  const { folder: home } = configuration
  const deadLetters = new DeadLetterBox({
    stateFolder: settings.stateFolder,
    limits: settings.deadLetters,
    scrubber,
    log,
  })
  const host: Host = {
    log,
    scrubber,
    metrics,
    routes,
    sockets,
    deadLetters,
    folder: home,
    stateFolder: settings.stateFolder,
  }
  const registry = new Registry(configuration, host)
  registerGatewayMetrics(metrics, registry)
  registerDeadLetterMetrics(metrics, deadLetters)

  let stopped: Promise<Left> | undefined
  let replay: Replay | undefined
  const handler = adminHandler({
    registry,
    metrics,
    letters: () => deadLetters.open(),
    async replay() {
      const letters = await deadLetters.open()
      replay ??= letters && new Replay(letters, (letter) => registry.redeliver(letter))
      return replay
    },
    token: settings.admin.token,
    draining: () => stopped !== undefined,
  })
  const admin = new AdminListener(routes, settings.admin, handler, log)
  return {
    registry,
    log,
    drainMs: settings.drainMs,
    get adminUrl() {
      return admin.url
    },
    get adminFailure() {
      return admin.failure
    },
    async start() {
      await Promise.all([admin.open(), registry.start()])
    },
    stop() {
      stopped ??= registry
        .stop(settings.drainMs)
        .finally(() => Promise.all([admin.close(), deadLetters.close()]))
      return stopped
    },
  }
}
