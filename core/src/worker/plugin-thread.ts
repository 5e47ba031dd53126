import { Worker } from 'node:worker_threads'
import type { PluginError } from '@smart-gateway/sdk'
import { asError, GatewayError } from '../errors.ts'
import type { PluginPackage } from '../plugins/manifest.ts'
import { Channel } from './channel.ts'
import type { Handlers } from './channel.ts'
import type { Beat } from './protocol.ts'
import { steppingBack } from './step-back.ts'

/** How often is looked whether a thread still turns. */
const LOOK_MS = 1000
/** So many looks in a row without a word from it, and it is taken to be in an endless loop. */
const SILENT_LOOKS = 6
/** A look that comes so late says nothing of the thread: this process itself stood still. */
const LATE_MS = 2000
/** Node's own limit ends the thread without a word; it stands well above the one that is looked at. */
const HARD_LIMIT = 2
/**
 * So far it steps back: it has a third of a processor that the event loop wants, too. The gateway itself and what runs inline go before a plugin
 * that computes, or that only just starts (20 ms for a thread).
 */
const STEPS_BACK = 5

/** The thread that a plugin's generation runs in. Whatever happens there, it ends alone. */
export class PluginThread {
  readonly channel: Channel
  readonly #worker: Worker
  readonly #memoryBytes: number
  readonly #name: string
  readonly #onEnd: (reason: GatewayError) => void
  readonly #watch: NodeJS.Timeout
  #beat: Beat = { heapBytes: 0, health: undefined }
  #silentLooks = 0
  #lookedMs = performance.now()
  #over = false

  /** `onEnd` is told once when it ends without being asked to. */
  constructor(plugin: PluginPackage, { name, memoryBytes, handlers, onEnd }: ThreadOptions) {
    this.#name = name
    this.#memoryBytes = memoryBytes
    this.#onEnd = onEnd
    const isSource = import.meta.filename.endsWith('.ts')
    const hardMebibytes = Math.ceil((memoryBytes * HARD_LIMIT) / 1024 / 1024) + 64
    const file = new URL(isSource ? './thread.ts' : './thread.js', import.meta.url)
    this.#worker = steppingBack(
      STEPS_BACK,
      () =>
        new Worker(file, {
          workerData: plugin,
          name,
          // A gateway that runs from its sources takes the sources of what plugins import, too.
          ...(isSource && { execArgv: ['--conditions=@smart-gateway/source'] }),
          resourceLimits: { maxOldGenerationSizeMb: hardMebibytes },
        }),
    )
    this.channel = new Channel(
      this.#worker,
      { ...handlers, beat: (beat: Beat) => this.#take(beat) },
      (cause) => this.#end('said what the host does not understand', cause),
    )
    let thrown: PluginError | undefined
    // Anything may be thrown, also nothing. What the thread had said before comes by another way, and is there when it has ended.
    this.#worker.on('error', (error: unknown) => (thrown = asError(error)))
    this.#worker.on('exit', (code) => {
      if (thrown === undefined) this.#end(`ended with process.exit(${code})`)
      else if (thrown.code === 'ERR_WORKER_OUT_OF_MEMORY')
        this.#end(
          `used more than ${hardMebibytes} MiB of memory at once, far beyond its limit (worker.memory)`,
        )
      else this.#end('ended by an exception that nobody caught', thrown)
    })
    this.#watch = setInterval(() => this.#look(), LOOK_MS).unref()
  }

  /** What it said last of its health. */
  get health(): Beat['health'] {
    return this.#beat.health
  }

  /** Ends it at once, wherever it is. */
  async terminate(): Promise<void> {
    this.#close(new GatewayError('SG_STOPPING', `the thread of ${this.#name} was ended`))
    await this.#worker.terminate()
  }

  #take(beat: Beat): void {
    this.#beat = beat
    this.#silentLooks = 0
    if (beat.heapBytes <= this.#memoryBytes) return
    const [used, limit] = [beat.heapBytes, this.#memoryBytes].map((bytes) => Math.round(bytes / 1024 / 1024))
    this.#end(`used ${used} MiB of memory, more than the ${limit} MiB of its limit (worker.memory)`)
  }

  #look(): void {
    const nowMs = performance.now()
    const isLate = nowMs - this.#lookedMs > LATE_MS
    this.#lookedMs = nowMs
    if (isLate) this.#silentLooks = 0
    else if (++this.#silentLooks >= SILENT_LOOKS)
      this.#end(
        `did not turn for ${(SILENT_LOOKS * LOOK_MS) / 1000} s: an endless loop, or work that is too long for a thread`,
      )
  }

  #end(what: string, cause?: unknown): void {
    if (this.#over) return
    const reason = new GatewayError('SG_WORKER_ENDED', `the thread of ${this.#name} ${what}`, { cause })
    this.#close(reason)
    void this.#worker.terminate()
    this.#onEnd(reason)
  }

  #close(reason: Error): void {
    this.#over = true
    clearInterval(this.#watch)
    this.channel.end(reason)
  }
}

/** How a thread is run. */
export interface ThreadOptions {
  /** For logs: the instance and its generation. */
  readonly name: string
  /** How much heap it may use. */
  readonly memoryBytes: number
  readonly handlers: Handlers
  readonly onEnd: (reason: GatewayError) => void
}
