/** Every captured message through the whole gateway, against records that were worked out independently (oracle.py). */
import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseExactly, stringifyExactly } from '@smart-gateway/sdk/json'
import { ROOT, startGateway } from './gateway-process.ts'
import type { GatewayProcess } from './gateway-process.ts'
import { fileOf } from './peers/installed.ts'
import { freePorts } from './peers/ports.ts'
import { describeWith } from './peers/suite.ts'
import { untilLines } from './records.ts'

type Kind = 'collectd' | 'ceilometer' | 'logs'

/** Files whose lines hold a body that is posted. */
const POSTED: readonly (readonly [Kind, string])[] = [
  ['collectd', 'collectd/amqp-json.jsonl'],
  ['collectd', 'collectd/amqp-json-store-rates.jsonl'],
  ['collectd', 'collectd/amqp-json-via-network.jsonl'],
  ['collectd', 'collectd/amqp1-telemetry.jsonl'],
  ['collectd', 'collectd/amqp1-notify.jsonl'],
  ['collectd', 'collectd/write-http.jsonl'],
  ['ceilometer', 'ceilometer/notifier-metering.jsonl'],
  ['ceilometer', 'ceilometer/notifier-event.jsonl'],
  ['ceilometer', 'ceilometer/ceilometer-amqp1-legacy-metering.jsonl'],
  ['ceilometer', 'ceilometer/ceilometer-amqp1-legacy-event.jsonl'],
  ['ceilometer', 'ceilometer/ceilometer-amqp1-routable-metering.jsonl'],
  ['ceilometer', 'ceilometer/ceilometer-amqp1-routable-event.jsonl'],
  ['ceilometer', 'ceilometer/http-samples.jsonl'],
  ['ceilometer', 'ceilometer/http-samples-newer.jsonl'],
  ['ceilometer', 'ceilometer/http-events.jsonl'],
  ['logs', 'logs/rsyslog-omelasticsearch.jsonl'],
]
/** rsyslog's lines as they are, the last one with a byte that is no UTF-8. */
const LINES = 'logs/rsyslog-json-template.jsonl'
const DATAGRAMS = ['ceilometer/udp-msgpack.bin', 'ceilometer/udp-msgpack-newer.bin']
const STREAM = 'ceilometer/tcp-msgpack.bin'

const read = (file: string) => readFileSync(join(ROOT, 'test/fixtures', file))
const nameOf = (file: string) => file.replaceAll(/\W/g, '-')

// Python is there where ceilometer is, and so is its msgpack.
describeWith(['ceilometer'], 'every captured message through the whole gateway', () => {
  let gateway: GatewayProcess
  let ports: { web: number; tcp: number; syslog: number; udp: readonly number[] }

  beforeAll(async () => {
    const [web, tcp, syslog, ...udp] = (await freePorts(3 + DATAGRAMS.length)) as [number, number, number]
    ports = { web, tcp, syslog, udp }
    const inputs = [
      ...POSTED.map(([kind, file]) => [nameOf(file), kind, `transport: web, path: /${nameOf(file)}`]),
      [nameOf(LINES), 'logs', 'transport: syslog'],
      [nameOf(STREAM), 'ceilometer', 'transport: frames'],
      ...DATAGRAMS.map((file, i) => [nameOf(file), 'ceilometer', `transport: datagrams-${i}`]),
    ]
    gateway = await startGateway(`
transports:
  web: { plugin: http, options: { port: ${web} } }
  syslog: { plugin: socket, options: { protocol: tcp, port: ${syslog}, framing: newline } }
  frames: { plugin: socket, options: { protocol: tcp, port: ${tcp}, framing: length64le } }
${udp.map((port, i) => `  datagrams-${i}: { plugin: socket, options: { protocol: udp, port: ${port} } }`).join('\n')}
inputs:
${inputs.map(([name, plugin, from]) => `  ${name}: { plugin: ${plugin}, from: { ${from} } }`).join('\n')}
outputs:
${inputs.map(([name]) => `  to-${name}: { plugin: file, from: [${name}], options: { path: ${name}.ndjson, fsync: never } }`).join('\n')}
`)
    await gateway.ready()
  }, 60_000)

  afterAll(() => gateway?.remove())

  test.each(POSTED)(
    '%s: %s',
    async (kind, file) => {
      const bodies = jsonLines(read(file)).map(({ body }) => body as string)
      const url = `http://127.0.0.1:${ports.web}/${nameOf(file)}`
      for (const body of bodies) {
        const answer = await fetch(url, {
          method: 'POST',
          body,
          headers: { 'content-type': 'application/json' },
        })
        expect([answer.status, await answer.text()]).toEqual([200, 'accepted\n'])
      }
      await expectRecords(
        file,
        bodies.map((body) => ({ kind, body })),
      )
    },
    60_000,
  )

  test(`logs over TCP: ${LINES}`, async () => {
    const bytes = read(LINES)
    await sendStream(ports.syslog, bytes)
    await expectRecords(LINES, [{ kind: 'logs', hex: bytes.toString('hex') }])
  })

  test(`ceilometer over TCP: ${STREAM}`, async () => {
    const bytes = read(STREAM)
    const frames: Buffer[] = []
    for (let at = 0; at < bytes.length;) {
      const length = Number(bytes.readBigUInt64LE(at))
      frames.push(bytes.subarray(at + 8, at + 8 + length))
      at += 8 + length
    }
    await sendStream(ports.tcp, bytes)
    await expectRecords(
      STREAM,
      frames.map((frame) => ({ kind: 'ceilometer', hex: frame.toString('hex') })),
    )
  })

  test.each(DATAGRAMS)('ceilometer over UDP: %s', async (file) => {
    const bytes = read(file)
    const datagrams: Buffer[] = []
    for (let at = 0; at < bytes.length;) {
      const length = bytes.readUInt32BE(at)
      datagrams.push(bytes.subarray(at + 4, at + 4 + length))
      at += 4 + length
    }
    await sendDatagrams(ports.udp[DATAGRAMS.indexOf(file)]!, datagrams)
    await expectRecords(
      file,
      datagrams.map((datagram) => ({ kind: 'ceilometer', hex: datagram.toString('hex') })),
    )
  })

  async function expectRecords(
    file: string,
    messages: readonly { kind: Kind; body?: string; hex?: string }[],
  ): Promise<void> {
    const expected = oracle(messages)
    expect(expected.length).toBeGreaterThan(0)
    const lines = await untilLines(gateway, `${nameOf(file)}.ndjson`, expected.length, 30_000, parseExactly)
    expect(sorted(lines)).toEqual(sorted(expected))
  }
})

function oracle(messages: readonly object[]): unknown[] {
  const input = messages.map((message) => `${JSON.stringify(message)}\n`).join('')
  const output = execFileSync(fileOf('ceilometer'), [join(import.meta.dirname, 'oracle.py')], {
    input,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  return output
    .trim()
    .split('\n')
    .flatMap((line) => parseExactly(line) as unknown[])
}

/** One text for one record, whatever the order of its keys; a time to the millisecond is one without nanoseconds. */
function sorted(records: readonly unknown[]): string[] {
  return records.map((record) => canonical({ timeNs: 0, ...(record as object) })).toSorted()
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return stringifyExactly(value)
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(',')}}`
}

function jsonLines(bytes: Buffer): Record<string, unknown>[] {
  return bytes
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

function sendStream(port: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end(bytes))
    socket.on('error', reject)
    socket.on('close', () => resolve())
    socket.resume()
  })
}

async function sendDatagrams(port: number, datagrams: readonly Buffer[]): Promise<void> {
  const socket = createSocket('udp4')
  for (const datagram of datagrams) {
    await new Promise<void>((resolve, reject) =>
      socket.send(datagram, port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error))),
    )
  }
  socket.close()
}
