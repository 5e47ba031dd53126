import { join } from 'node:path'
import type { Logger } from 'pino'
import type { ConfigSource, Reading } from '../config/reading.ts'
import { FileWatch } from '../config/watch.ts'
import { reasonOf } from '../errors.ts'
import type { Registry } from '../registry/registry.ts'
import type { Reconciler } from './reconciler.ts'

/** Follows the files that a gateway depends on: its configuration, the files named in there, and the packages of its plugins. */
export class Follow {
  readonly #file: string | undefined
  readonly #registry: Registry
  readonly #reconciler: Reconciler
  readonly #watch: FileWatch
  readonly #log: Logger
  #named: readonly string[] = []

  constructor(source: ConfigSource, registry: Registry, reconciler: Reconciler, log: Logger) {
    this.#file = 'file' in source ? source.file : undefined
    this.#registry = registry
    this.#reconciler = reconciler
    this.#log = log
    this.#watch = new FileWatch({ log, changed: (_, final) => this.#changed(final) })
  }

  /** Takes note of the files that a configuration names. A broken one names none: the files of the last one are followed on. */
  take({ configuration, files }: Reading): void {
    if (configuration === undefined) return
    this.#named = [...files]
    // At once: what is written while the change goes on is another one.
    void this.start()
  }

  /** Begins to follow, or follows what there is to follow now. */
  async start(): Promise<void> {
    if (this.#file === undefined) return
    const packages = this.#registry.entries.flatMap(({ spec: { package: plugin } }) => [
      join(plugin.folder, 'package.json'),
      plugin.entry,
    ])
    // Also of what runs although the configuration names another one by now.
    const running = this.#registry.entries.flatMap(({ spec: { files } }) => files.map(({ path }) => path))
    await this.#watch.watch([this.#file, ...this.#named, ...running, ...packages])
  }

  stop(): void {
    this.#watch.close()
  }

  // A file that is written in two halves looks broken, or as if half of it was taken out: that is believed only when it stays so.
  async #changed(final: boolean): Promise<'unfinished' | undefined> {
    try {
      if (!final && (await this.#looksUnfinished())) return 'unfinished'
      this.#reconciler.reload('file')
    } catch (error) {
      this.#log.warn(`what changed on the disk is not taken: ${reasonOf(error)}`)
    }
    return undefined
  }

  async #looksUnfinished(): Promise<boolean> {
    const { steps, problems } = await this.#reconciler.plan()
    return problems.length > 0 || steps.some(({ does }) => does === 'refused' || does === 'removed')
  }
}
