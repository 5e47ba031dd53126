/** What a plugin's own unit tests need: a context and a sink that behave as the host's do, in memory. */
import { createSocket } from 'node:dgram'
import { mkdtemp } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { MetricBatch } from './batch.ts'
import type { HttpRoute, InputContext, Logger, Sender, SocketPlace, SocketService } from './context.ts'
import type { EventRecord, LogRecord, RecordSink, Series } from './record.ts'
import type { SeriesTable } from './series.ts'

export { mutateBytes, mutateTree, pick, seededRandom } from './mutations.ts'
export type { Mutations } from './mutations.ts'

/** One sample as a test likes to compare it. */
export interface TestSample {
  /** The series it belongs to. */
  readonly series: Series
  /** Its value, in the series' own unit. */
  readonly value: number
  /** Milliseconds since the epoch; 0 for none. */
  readonly timeMs: number
}

/** A sink that keeps what it is given, in order, also when the decoder throws afterwards. */
export interface TestSink extends RecordSink {
  /** What `sample` was given. */
  readonly samples: TestSample[]
  /** What `event` was given. */
  readonly events: EventRecord[]
  /** What `log` was given. */
  readonly logs: LogRecord[]
  /** The reasons that `reject` was given. */
  readonly rejected: string[]
  /** The reasons that `skip` was given. */
  readonly skipped: string[]
}

/** Makes an empty sink. Throws nothing. */
export function testSink(): TestSink {
  const samples: TestSample[] = []
  const events: EventRecord[] = []
  const logs: LogRecord[] = []
  const rejected: string[] = []
  const skipped: string[] = []
  return {
    samples,
    events,
    logs,
    rejected,
    skipped,
    sample: (series, value, timeMs) => void samples.push({ series, value, timeMs }),
    event: (record) => void events.push(record),
    log: (record) => void logs.push(record),
    reject: (reason) => void rejected.push(reason),
    skip: (reason) => void skipped.push(reason),
  }
}

/** Puts samples into a batch's columns; none give a batch of length 0, which the host never writes. */
export function metricBatch(samples: readonly TestSample[]): MetricBatch {
  return {
    signal: 'metric',
    length: samples.length,
    series: samples.map((sample) => sample.series),
    values: samples.map((sample) => sample.value),
    times: samples.map((sample) => sample.timeMs),
  }
}

/**
 * Makes a series table without a limit. Simpler than the host's: `intern` freezes and returns the very
 * objects that it is given, equal or not to those that it stored before.
 */
export function testSeriesTable(): SeriesTable {
  const table = new Map<string, readonly Series[]>()
  return {
    lookup: (key) => table.get(key),
    intern(key, series) {
      for (const one of series) Object.freeze(Object.freeze(one).labels)
      table.set(key, series)
      return series
    },
  }
}

/** A context for one plugin under test, with what the plugin did to it. */
export interface TestContext<O> extends InputContext<O> {
  /** Handlers by path, callable without a socket, from `serve` until `close`. */
  readonly handlers: Map<string, (request: Request) => Response | Promise<Response>>
  /** Metric values by `name{label="value"}`, without the prefix and the label that the host adds. */
  readonly values: Map<string, number>
  /** Log lines as `[level, message, fields]`; `fields` is empty when none were given. */
  readonly lines: [level: string, message: string, fields: object][]
  /** What was passed to `fail`. */
  readonly failures: Error[]
  /** Ends `signal`. */
  abort(): void
}

/**
 * Makes a context for an instance called `name`. `options` are taken as they are: no schema is applied.
 * Sockets are really bound. Relative paths are meant from the working folder. `stateFolder` makes a temporary folder, which is the
 * test's to remove.
 */
export function testContext<O>(options: O, name = 'test'): TestContext<O> {
  const controller = new AbortController()
  const handlers: TestContext<O>['handlers'] = new Map()
  const values: TestContext<O>['values'] = new Map()
  const lines: TestContext<O>['lines'] = []
  const failures: Error[] = []
  const add = (key: string, by: number) => void values.set(key, (values.get(key) ?? 0) + by)
  let folder: Promise<string> | undefined
  return {
    name,
    options,
    handlers,
    values,
    lines,
    failures,
    log: recordingLogger(lines),
    signal: controller.signal,
    series: testSeriesTable(),
    abort: () => controller.abort(),
    fail: (error) => void failures.push(error),
    resolvePath: (path) => resolve(path),
    stateFolder: () => (folder ??= mkdtemp(join(tmpdir(), `smart-gateway-${name}-`))),
    metrics: {
      counter: (metric) => ({ inc: (by = 1, labels) => add(metric + braces(labels), by) }),
      gauge: (metric) => ({ set: (value, labels) => void values.set(metric + braces(labels), value) }),
    },
    sockets: {
      tcp: (place, accept) => listenTcp(place, accept),
      udp: (place, receive) => bindUdp(place, receive),
    },
    http: {
      async serve(route: HttpRoute, handler) {
        handlers.set(route.path, handler)
        return {
          url: `http://${route.host}:${route.port}${route.path}`,
          close: async () => void handlers.delete(route.path),
        }
      },
    },
  }
}

async function listenTcp(
  { host, port }: SocketPlace,
  accept: (socket: Socket) => void,
): Promise<SocketService> {
  const server = createServer({ pauseOnConnect: true }, (socket) =>
    accept(socket.on('error', () => undefined)),
  )
  await new Promise<void>((done, failed) => server.once('error', failed).listen({ host, port }, done))
  const { port: bound } = server.address() as AddressInfo
  return { address: addressOf(host, bound), port: bound, close: async () => void server.close() }
}

async function bindUdp(
  { host, port, receiveBufferBytes }: SocketPlace,
  receive: (datagram: Buffer, sender: Sender) => void,
): Promise<SocketService> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4', receive)
  await new Promise<void>((done, failed) => socket.once('error', failed).bind({ address: host, port }, done))
  if (receiveBufferBytes !== undefined) socket.setRecvBufferSize(receiveBufferBytes)
  let closed: Promise<void> | undefined
  return {
    address: addressOf(host, socket.address().port),
    port: socket.address().port,
    receiveBufferBytes: socket.getRecvBufferSize(),
    close: () => (closed ??= new Promise((done) => socket.close(done))),
  }
}

function addressOf(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function recordingLogger(lines: [string, string, object][]): Logger {
  const at =
    (level: string) =>
    (first: string | object, second?: string): void =>
      void lines.push(typeof first === 'string' ? [level, first, {}] : [level, second ?? '', first])
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

function braces(labels: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}
