import { afterAll, beforeAll, expect, test } from 'vitest'
import { startGateway } from './gateway-process.ts'
import type { GatewayProcess } from './gateway-process.ts'
import { freePort } from './peers/ports.ts'
import { startRsyslog } from './peers/rsyslog.ts'
import type { Rsyslog } from './peers/rsyslog.ts'
import { describeWith } from './peers/suite.ts'
import { untilLines } from './records.ts'

const LINES = 500

describeWith(['rsyslog'], 'a real rsyslog that forwards JSON lines over TCP', () => {
  let gateway: GatewayProcess
  let rsyslog: Rsyslog

  beforeAll(async () => {
    const port = await freePort()
    gateway = await startGateway(`
transports:
  syslog: { plugin: socket, options: { protocol: tcp, port: ${port}, framing: newline } }
inputs:
  logs: { plugin: logs, from: { transport: syslog } }
outputs:
  file: { plugin: file, options: { path: logs.ndjson } }
`)
    await gateway.ready()
    rsyslog = await startRsyslog({ forwardTo: port })
  }, 60_000)

  afterAll(async () => {
    await Promise.all([gateway?.remove(), rsyslog?.stop()])
  })

  test('every line is a log record, with host, severity, time and text, in order', async () => {
    const texts = Array.from({ length: LINES }, (_, i) => `line ${i} "quoted" \\ with ü`)
    // 27 = daemon.error in RFC 5424's form.
    await rsyslog.send(
      ...texts.map((text) => `<27>1 2026-01-02T03:04:05.678901+01:00 compute-0 nova 42 - - ${text}`),
    )
    const lines = await untilLines(gateway, 'logs.ndjson', LINES)
    expect(lines.map(({ message }) => message)).toEqual(texts)
    expect(lines[0]).toMatchObject({
      signal: 'log',
      index: 'sglogs-compute_0.2026.01.02',
      timeMs: Date.UTC(2026, 0, 2, 2, 4, 5, 678),
      timeNs: 901_000,
      severity: 'critical',
      publisher: 'compute-0',
      labels: { host: 'compute-0', severity: expect.anything(), facility: 'daemon', cloud: 'cloud1' },
    })
  })
})
