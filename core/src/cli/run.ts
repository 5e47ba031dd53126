import { setTimeout as delay } from 'node:timers/promises'
import { createGateway } from '../gateway.ts'
import type { Gateway } from '../gateway.ts'
import type { Left } from '../registry/registry.ts'
import { reasonOf } from '../errors.ts'
import { orExit } from './exit.ts'
import { greeting } from './greeting.ts'

/** What closing may take after the drain: with the default drain all is over in 25 s, before Kubernetes kills at 30 s. */
const CLOSING_MS = 5000
/** Ctrl-C on npm start comes twice, from the terminal and from npm: signals this close together are one wish. */
const SAME_STOP_MS = 1000
const EXIT_SOFTWARE = 70
const GREETING_DEADLINE_MS = 3000

/** `smart-gateway run`: runs until SIGTERM or SIGINT, then drains and exits 0; a second signal leaves at once. SIGHUP reloads. */
export async function run(
  file: string,
  { quiet = false, strict = false }: { quiet?: boolean; strict?: boolean },
): Promise<void> {
  const gateway = orExit(() => createGateway(file, { strict }))
  const isStopping = stopOnSignals(gateway)
  reloadOnSignal(gateway)
  reportFaults(gateway)
  // A peer that does not answer holds its own instance up, not the greeting, which says what is not ready.
  await Promise.race([gateway.start(), delay(GREETING_DEADLINE_MS, undefined, { ref: false })])
  if (!quiet && !isStopping()) process.stdout.write(greeting(gateway, file))
}

/** Says whether it stops. */
function stopOnSignals(gateway: Gateway): () => boolean {
  let stoppingMs: number | undefined
  const stop = (signal: NodeJS.Signals): void => {
    if (stoppingMs !== undefined) {
      if (performance.now() - stoppingMs < SAME_STOP_MS) return
      gateway.log.warn(`second ${signal}: leaving at once`)
      process.exit(1)
    }
    stoppingMs = performance.now()
    const deadlineMs = gateway.drainMs + CLOSING_MS
    gateway.log.info(`${signal}: stopping`)
    setTimeout(() => {
      gateway.log.error(
        `the stop took longer than ${deadlineMs / 1000} s: leaving; what has no fate comes again from its peers: ${gateway.registry.leftNow().join(', ') || 'nothing is left'}`,
      )
      process.exit(0)
    }, deadlineMs).unref()
    void gateway.stop().then((left) => {
      gateway.log.info(left, farewell(left))
      process.exit(0)
    })
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  return () => stoppingMs !== undefined
}

function reloadOnSignal({ reconciler, log }: Gateway): void {
  process.on('SIGHUP', () => {
    log.info('SIGHUP: reading the configuration anew')
    try {
      reconciler.reload('signal')
    } catch (error) {
      log.warn(`nothing is reloaded: ${reasonOf(error)}`)
    }
  })
}

/** An inline plugin shares the process: what it forgets to catch is told here instead of ending everything without a word. */
function reportFaults({ log }: Gateway): void {
  process.on('unhandledRejection', (err) =>
    log.error({ err }, 'a promise was rejected and nobody handled it: a fault in a plugin or in the gateway'),
  )
  process.on('uncaughtException', (err) => {
    log.fatal({ err }, 'an exception that nobody caught: leaving, the state of the process is not known')
    process.exit(EXIT_SOFTWARE)
  })
}

function farewell({ where }: Left): string {
  return where.length === 0 ? 'stopped, nothing left behind' : `stopped; left: ${where.join(', ')}`
}
