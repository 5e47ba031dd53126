import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { testContext, testSink } from '@smart-gateway/sdk/testing'
import type { TestSink } from '@smart-gateway/sdk/testing'
import logs from './index.ts'
import { logReader } from './log.ts'
import type { LogFormat } from './log.ts'
import { decodeMessage } from './message.ts'

const folder = new URL('../../../../test/fixtures/logs/', import.meta.url)
const contentOf = (file: string) => readFileSync(new URL(file, folder))

const template: LogFormat = {
  messageField: 'message',
  timestampField: '@timestamp',
  hostnameField: 'host',
  severityField: 'severity',
  correctSeverity: false,
  indexPrefix: 'sglogs',
}
const jsonmesg: LogFormat = {
  ...template,
  messageField: 'msg',
  timestampField: 'timereported',
  hostnameField: 'hostname',
  severityField: 'syslogseverity',
}

function decodeAll(bodies: readonly Buffer[], format = template): TestSink {
  const sink = testSink()
  const readLog = logReader(format)
  for (const body of bodies) decodeMessage(body, readLog, sink)
  return sink
}

function linesOf(content: Buffer): Buffer[] {
  const lines: Buffer[] = []
  for (let from = 0, end: number; (end = content.indexOf('\n', from)) !== -1; from = end + 1) {
    lines.push(content.subarray(from, end))
  }
  return lines
}

function countsOf({ logs }: TestSink): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { severity } of logs) counts[severity] = (counts[severity] ?? 0) + 1
  return counts
}

const expected = { critical: 12, warning: 3, info: 6, debug: 3 }

test.each([
  ['rsyslog-json-template.jsonl', template],
  ['rsyslog-jsonmesg.jsonl', jsonmesg],
])('%s decodes completely, line by line and as one body', (file, format) => {
  const content = contentOf(file)
  const singly = decodeAll(linesOf(content), format)
  expect(singly.logs).toHaveLength(24)
  expect(countsOf(singly)).toEqual(expected)
  expect([singly.rejected, singly.skipped]).toEqual([[], []])
  expect(decodeAll([content], format)).toMatchObject({ logs: singly.logs, rejected: [], skipped: [] })
  for (const { index, timeMs, timeNs, publisher, labels } of singly.logs) {
    expect(['vm', 'compute-0', 'ctl0']).toContain(publisher)
    expect(index).toBe(`sglogs-${publisher.replace('-', '_')}.2026.11.20`)
    expect(new Date(timeMs).toISOString()).toMatch(/^2026-11-20T09:(44:03|50:)/)
    expect([0, 425_000, 456_000, 482_000]).toContain(timeNs)
    expect(labels).not.toHaveProperty(format.messageField)
    expect(labels).not.toHaveProperty([format.timestampField])
    expect(labels[format.hostnameField]).toBe(publisher)
  }
})

test('both forms of one message give the same record but for the labels', () => {
  const bare = (file: string, format: LogFormat) =>
    decodeAll([contentOf(file)], format).logs.map(({ labels: _, ...rest }) => rest)
  const ofTemplate = bare('rsyslog-json-template.jsonl', template)
  expect(bare('rsyslog-jsonmesg.jsonl', jsonmesg).slice(1, -1)).toEqual(ofTemplate.slice(1, -1))
  expect(ofTemplate.map(({ message }) => message)).toContain('line 7 tab#011here')
})

test('a full message object keeps its nested fields as labels', () => {
  const third = decodeAll([linesOf(contentOf('rsyslog-jsonmesg.jsonl'))[2]!], jsonmesg).logs[0]
  expect(third?.labels).toMatchObject({
    syslogseverity: '6',
    uuid: null,
    'app-name': 'app',
    '$!': { msg: 'json payload', n: 5, metadata: { filename: '/var/log/x.log' } },
  })
})

test('bytes that are not UTF-8 are read as replacement characters', () => {
  const last = linesOf(contentOf('rsyslog-json-template.jsonl')).at(-1)!
  expect(last.includes(Buffer.from([0xff, 0xfe]))).toBe(true)
  expect(decodeAll([last]).logs[0]?.message).toBe(' bad \ufffd\ufffd utf8 "q" \\ back')
})

test('bulk requests of omelasticsearch give their documents; the action lines are skipped', () => {
  const bodies = linesOf(contentOf('rsyslog-omelasticsearch.jsonl')).map((line) =>
    Buffer.from((JSON.parse(line.toString()) as { body: string }).body),
  )
  const sink = decodeAll(bodies)
  expect(bodies).toHaveLength(5)
  expect(sink.logs).toEqual(decodeAll([contentOf('rsyslog-json-template.jsonl')]).logs)
  expect(sink.skipped).toEqual(Array.from({ length: 24 }, () => 'action line of a bulk request'))
  expect(sink.rejected).toEqual([])
})

test("the ancestor's three examples give exactly its records, in milliseconds", () => {
  const bodies = [
    '{"@timestamp":"2021-04-08T15:25:42.604198+02:00", "host":"localhost", "severity":"7", "facility":"daemon", "tag":"rtkit-daemon[734691]", "source":"rtkit-daemon", "message":"Supervising 0 threads of 0 processes of 0 users.", "file":"", "cloud": "cloud1", "region": "<region-name>"}',
    '{"@timestamp":"2021-05-06T17:48:25.604198+02:00", "host":"non-localhost", "severity":"5", "facility":"user", "tag":"python3[804440]:", "source":"python3", "message":"detected unhandled Python exception in \'interactive mode (python -c ...)\'", "file":"", "cloud": "cloud1", "region": "Czech Republic"}',
    '{"@timestamp":"2021-12-24T18:00:00.000000+02:00", "host":"other-host", "severity":"1", "facility":"authpriv", "tag":"sudo[803493]:", "source":"sudo", "message":"Christmas!", "file":"santa.txt", "cloud": "cloud1", "region": "Home"}',
  ]
  expect(decodeAll(bodies.map((body) => Buffer.from(body))).logs).toEqual([
    {
      index: 'sglogs-localhost.2021.04.08',
      timeMs: 1617888342604,
      timeNs: 198_000,
      severity: 'debug',
      publisher: 'localhost',
      labels: {
        host: 'localhost',
        severity: '7',
        facility: 'daemon',
        tag: 'rtkit-daemon[734691]',
        source: 'rtkit-daemon',
        file: '',
        cloud: 'cloud1',
        region: '<region-name>',
      },
      message: 'Supervising 0 threads of 0 processes of 0 users.',
    },
    {
      index: 'sglogs-non_localhost.2021.05.06',
      timeMs: 1620316105604,
      timeNs: 198_000,
      severity: 'info',
      publisher: 'non-localhost',
      labels: {
        host: 'non-localhost',
        severity: '5',
        facility: 'user',
        tag: 'python3[804440]:',
        source: 'python3',
        file: '',
        cloud: 'cloud1',
        region: 'Czech Republic',
      },
      message: "detected unhandled Python exception in 'interactive mode (python -c ...)'",
    },
    {
      index: 'sglogs-other_host.2021.12.24',
      timeMs: 1640361600000,
      timeNs: 0,
      severity: 'critical',
      publisher: 'other-host',
      labels: {
        host: 'other-host',
        severity: '1',
        facility: 'authpriv',
        tag: 'sudo[803493]:',
        source: 'sudo',
        file: 'santa.txt',
        cloud: 'cloud1',
        region: 'Home',
      },
      message: 'Christmas!',
    },
  ])
})

test('the example in the definition is a message that it decodes', async () => {
  const session = await logs.open(testContext(template))
  const sink = testSink()
  session.decode!({ body: Buffer.from(logs.example!.body) }, sink)
  expect(sink.logs).toMatchObject([
    { index: 'sglogs-example.2026.11.20', severity: 'info', message: 'Connect from 192.0.2.7' },
  ])
  expect(sink.rejected).toEqual([])
})
