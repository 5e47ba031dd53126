import { receiveMessageOnPort } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'
import { Committer } from './committer.ts'
import { openDatabase } from './database-file.ts'
import { faultOf } from './faults.ts'
import type { Damage, Reply, Request, Row, SeriesText, WriteRequest } from './messages.ts'
import { metricColumns } from './metric-body.ts'
import { QueueTables } from './queue-tables.ts'
import { recover } from './recovery.ts'
import { Reserve } from './reserve.ts'

/** Opens a queue's file and does what is asked for until it is closed or fails; then the thread ends. */
export function serve(port: MessagePort, path: string): void {
  try {
    const service = new Service(port, path)
    port.on('message', (requests: readonly Request[]) => service.take(requests))
    service.take([])
  } catch (error) {
    fail(port, path, error)
  }
}

class Service {
  readonly #port: MessagePort
  readonly #path: string
  readonly #tables: QueueTables
  readonly #committer: Committer
  readonly #lastSeriesId: number
  /** The series of an earlier process that the asker knows by now. */
  readonly #told = new Set<number>()
  readonly #inbox: Request[] = []
  #closed = false
  #retry: NodeJS.Timeout | undefined

  constructor(port: MessagePort, path: string) {
    this.#port = port
    this.#path = path
    this.#tables = new QueueTables(openDatabase(path))
    const reserve = new Reserve(`${path}-reserve`)
    const recovery = recover(this.#tables, reserve)
    this.#lastSeriesId = recovery.lastSeriesId
    const file = { tables: this.#tables, reserve, path }
    this.#committer = new Committer(file, recovery, (reply) => this.#reply(reply))
    this.#reply({ kind: 'opened', ...recovery })
  }

  take(requests: readonly Request[]): void {
    clearTimeout(this.#retry)
    try {
      if (requests.length === 0) this.#committer.commit([])
      this.#enqueue(requests)
      this.#work()
    } catch (error) {
      fail(this.#port, this.#path, error)
      return
    }
    if (!this.#closed && this.#committer.waits) this.#retry = setTimeout(() => this.take([]), RETRY_MS)
  }

  #work(): void {
    while (!this.#closed) {
      // What came while the last transaction ran goes into the next one together.
      for (let more = receiveMessageOnPort(this.#port); more; more = receiveMessageOnPort(this.#port))
        this.#enqueue(more.message as readonly Request[])
      const group = this.#nextGroup()
      if (group.length > 0) this.#committer.commit(group)
      else if (this.#inbox.length > 0) this.#answer(this.#inbox.shift()!)
      else if (!this.#committer.shrink()) return
    }
  }

  #enqueue(requests: readonly Request[]): void {
    for (const request of requests) this.#inbox.push(request)
  }

  #nextGroup(): readonly WriteRequest[] {
    const group: WriteRequest[] = []
    let bytes = 0
    for (const request of this.#inbox) {
      if (bytes >= GROUP_BYTES || !isWrite(request)) break
      group.push(request)
      if (request.kind === 'append') bytes += request.row.bytes
    }
    this.#inbox.splice(0, group.length)
    return group
  }

  #answer(request: Request): void {
    if (request.kind === 'read') this.#read(request.afterId, request.maxBytes)
    else if (request.kind === 'setAside') this.#setAside(request.damage.id, request.damage)
    else if (request.kind === 'close') this.#close()
  }

  #read(afterId: number, maxBytes: number): void {
    const rows: Row[] = []
    const damaged: { rowId: bigint; damage: Damage }[] = []
    let bytes = 0
    for (const found of this.#tables.after(afterId, (id) => this.#knows(id))) {
      if (found.kind === 'damaged') {
        damaged.push(found)
        continue
      }
      const { row } = found
      if (this.#committer.isRemoved(row.id)) continue
      if (rows.length > 0 && bytes + row.bytes > maxBytes) break
      rows.push(row)
      bytes += row.bytes
    }
    for (const { rowId, damage } of damaged) this.#setAside(rowId, damage)
    const bodies = rows.map(({ body }) => body.buffer)
    this.#reply({ kind: 'rows', rows, series: this.#newSeries(rows) }, bodies)
  }

  #knows(seriesId: number): boolean {
    return (
      seriesId > this.#lastSeriesId ||
      this.#told.has(seriesId) ||
      this.#tables.seriesText(seriesId) !== undefined
    )
  }

  /** The series of an earlier process that the asker meets for the first time. */
  #newSeries(rows: readonly Row[]): readonly SeriesText[] {
    const series: SeriesText[] = []
    for (const { signal, body, records } of rows) {
      if (signal !== 'metric') continue
      for (const id of metricColumns(body, records)!.ids) {
        if (id > this.#lastSeriesId || this.#told.has(id)) continue
        this.#told.add(id)
        series.push({ id, text: this.#tables.seriesText(id)! })
      }
    }
    return series
  }

  #setAside(rowId: bigint | number, damage: Damage): void {
    const stored = this.#committer.setAside(rowId, damage.reason)
    this.#reply({ kind: 'damaged', damage, stored })
  }

  #close(): void {
    this.#closed = true
    this.#tables.close()
    this.#port.close()
  }

  #reply(reply: Reply, transfer: ArrayBuffer[] = []): void {
    this.#port.postMessage(reply, transfer)
  }
}

/** A thread that has failed ends; its end lets go of the file, whatever state that is in. */
function fail(port: MessagePort, path: string, error: unknown): void {
  port.postMessage({ kind: 'failed', fault: faultOf(error, path) } satisfies Reply)
  port.close()
}

function isWrite(request: Request): request is WriteRequest {
  return request.kind === 'append' || request.kind === 'remove' || request.kind === 'forgetSeries'
}

/** What one transaction takes at most, beside its last batch. */
const GROUP_BYTES = 2 * 1024 ** 2
const RETRY_MS = 1000
