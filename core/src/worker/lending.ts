import type { Batch, HttpService, InputContext, RecordSink } from '@smart-gateway/sdk'
import { Arrivals } from './batch-crossing.ts'
import type { Channel } from './channel.ts'
import { fromCloneable } from './fault.ts'
import type { Fault } from './fault.ts'
import { packRequest, TooLong, unpackResponse } from './http-crossing.ts'
import type { PackedResponse } from './http-crossing.ts'
import type { Emission, LogLine, MetricNote, Serving } from './protocol.ts'
import { internTold } from './series-copy.ts'

type Emit = (fill: (out: RecordSink) => void) => Promise<void>

/** The host's end of what is lent to a thread. */
export class Lending {
  readonly arrivals: Arrivals
  readonly #context: InputContext
  readonly #channel: Channel
  readonly #routes = new Map<number, HttpService>()
  #requests = 0
  #open = 0
  #onQuiet: (() => void)[] = []
  /** Takes what an input without a transport makes. */
  emitTo: Emit | undefined

  constructor(context: InputContext, channel: Channel) {
    this.#context = context
    this.#channel = channel
    this.arrivals = new Arrivals((told) => internTold(context.series, told))
  }

  log({ level, fields, faults, message }: LogLine): void {
    const errors = Object.entries(faults).map(([key, fault]) => [key, fromCloneable(fault)] as const)
    this.#context.log[level]({ ...fields, ...Object.fromEntries(errors) }, message)
  }

  metrics(notes: readonly MetricNote[]): void {
    for (const note of notes) this.#metric(note)
  }

  async serve({ id, route }: Serving): Promise<string> {
    const service = await this.#context.http.serve(route, (request) => this.#answer(id, request))
    this.#routes.set(id, service)
    return service.url
  }

  async unserve(id: number): Promise<void> {
    await this.#routes.get(id)?.close()
    this.#routes.delete(id)
  }

  stateFolder(): Promise<string> {
    return this.#context.stateFolder()
  }

  fail(fault: Fault): void {
    this.#context.fail(fromCloneable(fault))
  }

  async emit({ batches, notes }: Emission): Promise<void> {
    const unpacked = batches.map((batch) => this.arrivals.unpack(batch))
    await this.emitTo?.((out) => {
      for (const batch of unpacked) fill(batch, out)
      for (let i = 0; i < notes.rejected; i++) out.reject(notes.firstRejection)
      for (let i = 0; i < notes.skips; i++) out.skip('')
    })
  }

  /** Resolves as soon as every request has its answer. */
  answered(): Promise<void> {
    if (this.#open === 0) return Promise.resolve()
    return new Promise((resolve) => this.#onQuiet.push(resolve))
  }

  #metric({ type, name, help, labelNames, by, value, labels = {} }: MetricNote): void {
    try {
      if (type === 'counter') {
        const counter = this.#context.metrics.counter(name, help, labelNames)
        if (by !== undefined) counter.inc(by, labels)
      } else {
        const gauge = this.#context.metrics.gauge(name, help, labelNames)
        if (value !== undefined) gauge.set(value, labels)
      }
    } catch (err) {
      this.#context.log.error({ err }, `the metric ${name} cannot be kept`)
    }
  }

  async #answer(route: number, request: Request): Promise<Response> {
    const id = ++this.#requests
    this.#open++
    try {
      const packed = await packRequest(request)
      request.signal.addEventListener('abort', () => this.#channel.tell('requestGone', id))
      return unpackResponse(
        await this.#channel.ask<PackedResponse>('request', { id, route, request: packed }),
      )
    } catch (error) {
      if (error instanceof TooLong) return new Response(`${error.message}\n`, { status: 413 })
      const { code } = error as { readonly code?: unknown }
      if (code !== 'SG_WORKER_ENDED' && code !== 'SG_STOPPING') throw error
      return new Response('not ready yet\n', { status: 503, headers: { 'retry-after': '1' } })
    } finally {
      if (--this.#open === 0) for (const resolve of this.#onQuiet.splice(0)) resolve()
    }
  }
}

function fill(batch: Batch, out: RecordSink): void {
  if (batch.signal === 'event') for (const record of batch.records) out.event(record)
  else if (batch.signal === 'log') for (const record of batch.records) out.log(record)
  else for (const [i, series] of batch.series.entries()) out.sample(series, batch.values[i]!, batch.times[i]!)
}
