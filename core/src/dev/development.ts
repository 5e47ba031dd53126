import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FileWatch } from '../config/watch.ts'
import { reasonOf } from '../errors.ts'
import { createGateway } from '../gateway.ts'
import type { Gateway } from '../gateway.ts'
import { importDefinition } from '../plugins/definition.ts'
import { readEntry } from '../plugins/manifest.ts'
import type { PluginEntry } from '../plugins/manifest.ts'
import { build, isBuilt } from './build.ts'
import { writeCompanions } from './companions.ts'
import { ResultWatch } from './result-watch.ts'
import { Sender } from './sender.ts'
import { settingFor, SUBJECT } from './setting.ts'
import type { DevWishes } from './setting.ts'
import { sourcesOf } from './sources.ts'

/** A gateway around a plugin that is being written: sample traffic goes through it, and each save of its code is swapped in. */
export class Development {
  readonly #plugin: PluginEntry
  readonly #gateway: Gateway
  readonly #scratch: string
  readonly #say: (line: string) => void
  readonly #watch: FileWatch
  readonly #results: ResultWatch
  readonly #sender: Sender | undefined

  private constructor(plugin: PluginEntry, gateway: Gateway, scratch: string, say: (line: string) => void) {
    this.#plugin = plugin
    this.#gateway = gateway
    this.#scratch = scratch
    this.#say = say
    this.#results = new ResultWatch(gateway, plugin.kind)
    this.#sender = plugin.kind === 'transport' ? new Sender(gateway) : undefined
    this.#watch = new FileWatch({
      settleMs: 50,
      patienceMs: 500,
      log: gateway.log,
      changed: () => this.#saved(),
    })
  }

  /** Builds the plugin, where it says how, and starts. `folder` holds its package.json. Rejects with what is wrong with it. */
  static async start(folder: string, wishes: DevWishes, say: (line: string) => void): Promise<Development> {
    const complaint = isBuilt(folder) ? await build(folder) : undefined
    if (complaint !== undefined) throw new Error(`it does not build:\n${complaint}`)
    const plugin = readEntry(folder)
    const definition = await importDefinition(plugin)
    const scratch = mkdtempSync(join(tmpdir(), 'smart-gateway-dev-'))
    try {
      const setting = settingFor(definition, plugin.folder, writeCompanions(join(scratch, 'around')), wishes)
      const settings = {
        state: join(scratch, 'state'),
        logLevel: 'warn',
        drain: '1s',
        admin: { port: 0 },
      }
      // Relative paths in its options are meant from its own folder.
      const gateway = createGateway({ gateway: settings, ...setting }, { folder: plugin.folder })
      const development = new Development(plugin, gateway, scratch, say)
      await gateway.start()
      development.#greet()
      await development.#follow()
      return development
    } catch (error) {
      await rm(scratch, { recursive: true, force: true })
      throw error
    }
  }

  async stop(): Promise<void> {
    this.#watch.close()
    this.#results.stop()
    this.#sender?.stop()
    await this.#gateway.stop()
    await rm(this.#scratch, { recursive: true, force: true })
  }

  #greet(): void {
    const { name, kind } = this.#plugin
    const { adminUrl, registry } = this.#gateway
    this.#say(`${name} runs; each save is swapped in, Ctrl-C stops it`)
    for (const { name: instance, address, state, reason } of registry.view()) {
      const isFed = kind === 'transport' && instance !== SUBJECT && instance !== 'show'
      if ((instance === SUBJECT || isFed) && address !== undefined)
        this.#say(`${isFed ? 'send to' : 'address'}: ${address}`)
      if (state !== 'ready')
        this.#say(`NOT READY ${instance === SUBJECT ? name : instance}: ${reason ?? state}`)
    }
    if (adminUrl !== undefined)
      this.#say(`the gateway itself: ${adminUrl}/health/ready ${adminUrl}/api/v1/ledger`)
  }

  async #follow(): Promise<void> {
    const { folder, entry } = this.#plugin
    await this.#watch.watch(sourcesOf(folder, entry, isBuilt(folder)))
  }

  async #saved(): Promise<undefined> {
    const { folder } = this.#plugin
    const beganMs = performance.now()
    try {
      const complaint = isBuilt(folder) ? await build(folder) : undefined
      if (complaint !== undefined) throw new Error(`it does not build:\n${complaint}`)
      const { generation } = await this.#gateway.swap(SUBJECT, folder)
      this.#say(`saved: generation ${generation} runs after ${Math.round(performance.now() - beganMs)} ms`)
    } catch (error) {
      this.#say(`saved, and the code before goes on: ${reasonOf(error)}`)
    }
    // There may be files that were not there before.
    await this.#follow()
  }
}
