import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Log, LokiClient } from 'loki-logger-ts'
import ceilometer from '@smart-gateway/input-ceilometer'
import collectd from '@smart-gateway/input-collectd'
import logs from '@smart-gateway/input-logs'
import { lineWriter } from '@smart-gateway/output-elasticsearch/lines'
import loki from '@smart-gateway/output-loki'
import { jsonText } from '@smart-gateway/output-loki/json-body'
import { preparer } from '@smart-gateway/output-loki/prepare'
import { protobufBody } from '@smart-gateway/output-loki/protobuf-body'
import type { InputSession, JsonSchema, LogBatch, Message } from '@smart-gateway/sdk'
import { testContext } from '@smart-gateway/sdk/testing'
import { cpuOf } from './cpu.ts'
import { median, spread } from './figure.ts'
import type { Figure } from './figure.ts'
import { eventMessages, logMessages, notificationMessages } from './messages.ts'
import { BatchSink } from './sink.ts'

const ROUNDS = 25
const MESSAGES = 10_000
const BATCH = 1000

/** From wire bytes to the bodies of requests, and what the Loki library's own helper makes of the same lines. */
export async function storeFigures(): Promise<readonly Figure[]> {
  const toLines = lineWriter(undefined)
  const bulk = (sink: BatchSink): number => {
    let text = ''
    for (const line of toLines(sink.events()).lines) text += line.text
    return text.length
  }
  const prepare = preparer(defaultsOf(loki.options), () => undefined)
  const pushes = (sink: BatchSink) => prepare(sink.logs(), Date.now()).pushes
  const asJson = (sink: BatchSink): number =>
    pushes(sink).reduce((length, push) => length + jsonText(push).length, 0)
  const asProtobuf = (sink: BatchSink): number =>
    pushes(sink).reduce((length, push) => length + protobufBody(push).bytes.length, 0)
  const logInput = await logs.open(testContext(defaultsOf(logs.options)))
  return [
    await pathFigure("collectd's notifications, wire to Elasticsearch's bulk body", {
      messages: notificationMessages(),
      input: await collectd.open(testContext({})),
      encode: bulk,
      target: 80_000,
    }),
    await pathFigure("ceilometer's events, wire to Elasticsearch's bulk body", {
      messages: eventMessages(),
      input: await ceilometer.open(testContext({})),
      encode: bulk,
      target: 80_000,
    }),
    await pathFigure("rsyslog's lines, wire to Loki's JSON", {
      messages: logMessages(),
      input: logInput,
      encode: asJson,
      target: 150_000,
    }),
    await pathFigure("rsyslog's lines, wire to Loki's protobuf and snappy", {
      messages: logMessages(),
      input: logInput,
      encode: asProtobuf,
    }),
    ...(await libraryFigures(logInput)),
  ]
}

interface Path {
  readonly messages: readonly Message[]
  readonly input: InputSession
  /** Makes a request's body and returns its length. */
  readonly encode: (sink: BatchSink) => number
  readonly target?: number
}

/** Records a second of one core. */
async function pathFigure(name: string, { messages, input, encode, target }: Path): Promise<Figure> {
  const all = Array.from({ length: MESSAGES }, (_, i) => messages[i % messages.length]!)
  const seconds: number[] = []
  let records = 0
  let rejected = 0
  let bytes = 0
  for (let round = 0; round <= ROUNDS; round++) {
    records = 0
    bytes = 0
    const cpu = await cpuOf(() => {
      for (let from = 0; from < MESSAGES; from += BATCH) {
        const sink = new BatchSink()
        for (const message of all.slice(from, from + BATCH)) input.decode!(message, sink)
        bytes += encode(sink)
        records += sink.events().length + sink.logs().length
        rejected += sink.rejected
      }
    })
    if (round > 0) seconds.push(cpu / 1e9)
  }
  const rates = seconds.map((time) => records / time)
  return {
    name,
    value: median(rates),
    unit: '/s',
    ...(target !== undefined && { target: { atLeast: target } }),
    detail: `records a second of CPU ${spread(rates)}; ${records} of ${MESSAGES} messages a round, ${Math.round(bytes / records)} B each, ${rejected} rejected`,
  }
}

const LIBRARY_LINES = 2000
const LIBRARY_ROUNDS = 5
const AT_ONCE = 50

/** Lines a second of wall time against a server that answers 204 at once: this output's batches beside the library's one request a line. */
async function libraryFigures(input: InputSession): Promise<readonly Figure[]> {
  const sink = new BatchSink()
  for (let i = 0; i < LIBRARY_LINES; i++) input.decode!(logMessages()[i % logMessages().length]!, sink)
  const records = sink.logs().records
  let lines = 0
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(204).end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const output = await loki.open(testContext(Object.assign(defaultsOf(loki.options), { url })))
  const client = new LokiClient(`${url}/loki/api/v1/push`)

  const ours: number[] = []
  const theirs: number[] = []
  for (let round = 0; round <= LIBRARY_ROUNDS; round++) {
    const own = await linesPerSecond(async () => {
      for (let from = 0; from < records.length; from += BATCH) {
        const some = records.slice(from, from + BATCH)
        await output.write({ signal: 'log', length: some.length, records: some } satisfies LogBatch)
      }
    })
    const library = await linesPerSecond(async () => {
      for (let from = 0; from < records.length; from += AT_ONCE) {
        const some = records.slice(from, from + AT_ONCE)
        await Promise.all(
          some.map((record) => Log(client, record.message, { host: record.publisher, level: 'info' })),
        )
        lines += some.length
      }
    })
    if (round === 0) continue
    ours.push(own)
    theirs.push(library)
  }
  await output.stop?.()
  server.close()
  server.closeAllConnections()
  return [
    {
      name: 'lines to Loki over HTTP, in batches of 1,000',
      value: median(ours),
      unit: '/s',
      detail: `wall time ${spread(ours)}; gzipped JSON, one stream for each host and severity`,
    },
    {
      name: "lines to Loki over HTTP, by loki-logger-ts' own Log()",
      value: median(theirs),
      unit: '/s',
      detail: `wall time ${spread(theirs)}; one request a line, ${AT_ONCE} at once, ${lines} lines in all`,
    },
  ]
}

async function linesPerSecond(send: () => Promise<void>): Promise<number> {
  const startedMs = performance.now()
  await send()
  return (LIBRARY_LINES / (performance.now() - startedMs)) * 1000
}

/** What the host fills in for options that were left out. */
function defaultsOf<S extends JsonSchema>(schema: S): never {
  const entries = Object.entries(schema.properties ?? {}).filter(([, property]) => 'default' in property)
  return Object.fromEntries(entries.map(([name, property]) => [name, property.default])) as never
}
