import type { Worker } from 'node:worker_threads'
import type { HttpService, InputContext, RecordSink } from '@smart-gateway/sdk'
import { Channel } from './channel.ts'
import { fromFault } from './fault.ts'
import type { Fault } from './fault.ts'
import { packRequest, unpackResponse } from './http-crossing.ts'
import type { PackedResponse } from './http-crossing.ts'
import type { LogLine, MetricNote, Serving } from './protocol.ts'
import { fill } from './records-crossing.ts'
import type { Told } from './records-crossing.ts'

/** The host's end of what is lent to a thread. */
export class Lending {
  readonly channel: Channel
  readonly #context: InputContext
  readonly #routes = new Map<number, HttpService>()
  #requests = 0
  /** Takes what an input without a transport makes. */
  emitTo: ((fill: (out: RecordSink) => void) => Promise<void>) | undefined

  constructor(context: InputContext, worker: Worker) {
    this.#context = context
    this.channel = new Channel(worker, {
      log: (line) => this.#log(line),
      metric: (note) => this.#metric(note),
      serve: (serving) => this.#serve(serving),
      unserve: (id) => this.#unserve(id),
      stateFolder: () => context.stateFolder(),
      // As it would be for one that runs here.
      stray: (fault: Fault) => void Promise.reject(fromFault(fault)),
      fail: (fault: Fault) => context.fail(fromFault(fault)),
      emit: (told: Told) => this.emitTo?.((out) => fill(out, told, context.series)),
    })
  }

  #log({ level, fields, message }: LogLine): void {
    this.#context.log[level](fields, message)
  }

  #metric({ type, name, help, labelNames, value, labels = {} }: MetricNote): void {
    try {
      const { metrics } = this.#context
      if (type === 'counter') {
        const counter = metrics.counter(name, help, labelNames)
        if (value !== undefined) counter.inc(value, labels)
      } else {
        const gauge = metrics.gauge(name, help, labelNames)
        if (value !== undefined) gauge.set(value, labels)
      }
    } catch (err) {
      this.#context.log.error({ err }, `the metric ${name} cannot be kept`)
    }
  }

  async #serve({ id, route }: Serving): Promise<string> {
    const service = await this.#context.http.serve(route, (request) => this.#answer(id, request))
    this.#routes.set(id, service)
    return service.url
  }

  async #unserve(id: number): Promise<void> {
    await this.#routes.get(id)?.close()
    this.#routes.delete(id)
  }

  async #answer(route: number, request: Request): Promise<Response> {
    const id = ++this.#requests
    const packed = await packRequest(request)
    request.signal.addEventListener('abort', () => this.channel.tell('requestGone', id))
    return unpackResponse(await this.channel.ask<PackedResponse>('request', { id, route, request: packed }))
  }
}
