import type { Metrics } from '@smart-gateway/sdk'

interface Kept {
  readonly type: 'counter' | 'gauge'
  readonly labelNames: readonly string[]
}

const NAME = /^[a-z_:][a-z0-9_:]*$/i

/** An instance's metrics; refuses what the gateway's would. */
export class InstanceMetrics implements Metrics {
  readonly #kept = new Map<string, Kept>()
  /** Every name, help and label value that was given: none may hold a secret. */
  readonly texts = new Set<string>()
  /** How often one was counted up or set. */
  changes = 0

  get named(): readonly { readonly name: string; readonly type: 'counter' | 'gauge' }[] {
    return [...this.#kept].map(([name, { type }]) => ({ name, type }))
  }

  counter(name: string, help: string, labelNames: readonly string[] = []) {
    this.#keep('counter', name, help, labelNames)
    return {
      inc: (by = 1, labels: Readonly<Record<string, string>> = {}) => {
        if (!(by >= 0 && by < Infinity)) throw new Error(`a counter cannot grow by ${by}`)
        this.#look(name, labelNames, labels)
      },
    }
  }

  gauge(name: string, help: string, labelNames: readonly string[] = []) {
    this.#keep('gauge', name, help, labelNames)
    return {
      set: (value: number, labels: Readonly<Record<string, string>> = {}) => {
        if (typeof value !== 'number') throw new Error(`a gauge takes a number, not ${typeof value}`)
        this.#look(name, labelNames, labels)
      },
    }
  }

  #keep(type: Kept['type'], name: string, help: string, labelNames: readonly string[]): void {
    if (!NAME.test(name)) throw new Error(`${name} is no name of a metric`)
    if (help === '') throw new Error(`the metric ${name} has no help`)
    const known = this.#kept.get(name)
    if (known !== undefined && (known.type !== type || known.labelNames.join() !== labelNames.join()))
      throw new Error(`the metric ${name} exists already with another type or other labels`)
    this.#kept.set(name, { type, labelNames })
    for (const text of [name, help]) this.texts.add(text)
  }

  #look(name: string, labelNames: readonly string[], labels: Readonly<Record<string, string>>): void {
    this.changes++
    for (const [label, value] of Object.entries(labels)) {
      if (!labelNames.includes(label)) throw new Error(`the metric ${name} has no label ${label}`)
      this.texts.add(String(value))
    }
  }
}
