import type { Metrics } from '@smart-gateway/sdk'
import type { Channel } from './channel.ts'
import type { MetricNote } from './protocol.ts'

type Labels = Readonly<Record<string, string>>

/**
 * The metrics of a plugin in a thread. What happened to one is gathered and told between two turns: a loop that counts without end would
 * bury the host under a message for each step.
 */
export class ThreadMetrics {
  readonly #channel: Channel
  readonly #gathered = new Map<string, MetricNote>()

  readonly metrics: Metrics = {
    counter: (name, help, labelNames = []) => {
      const about = aboutOf('counter', name, help, labelNames)
      this.#gather(about)
      return {
        inc: (by = 1, labels = {}) => {
          if (typeof by !== 'number' || !(by >= 0 && by < Infinity))
            throw new Error(`a counter cannot grow by ${String(by)}`)
          this.#gather({ ...about, by, labels: textsOf(labels) })
        },
      }
    },
    gauge: (name, help, labelNames = []) => {
      const about = aboutOf('gauge', name, help, labelNames)
      this.#gather(about)
      return {
        set: (value, labels = {}) => {
          if (typeof value !== 'number') throw new Error(`a gauge takes a number, not ${typeof value}`)
          this.#gather({ ...about, value, labels: textsOf(labels) })
        },
      }
    },
  }

  constructor(channel: Channel) {
    this.#channel = channel
  }

  /** Tells the host what was gathered. */
  tell(): void {
    if (this.#gathered.size === 0) return
    this.#channel.tell('metrics', [...this.#gathered.values()])
    this.#gathered.clear()
  }

  #gather(note: MetricNote): void {
    if (this.#gathered.size === 0) setImmediate(() => this.tell())
    const labels = Object.entries(note.labels ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
    const key = JSON.stringify([note.type, note.name, note.labelNames, labels])
    const { by, value } = this.#gathered.get(key) ?? {}
    this.#gathered.set(key, {
      ...(value !== undefined && { value }),
      ...note,
      ...(by !== undefined && { by: by + (note.by ?? 0) }),
    })
  }
}

// Whatever a plugin gives, it can cross.
function aboutOf(
  type: MetricNote['type'],
  name: string,
  help: string,
  labelNames: readonly string[],
): MetricNote {
  return { type, name: String(name), help: String(help), labelNames: labelNames.map(String) }
}

function textsOf(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]))
}
