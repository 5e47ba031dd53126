import { expect, test } from 'vitest'
import type { LogRecord } from '@smart-gateway/sdk'
import { parseExactly } from '@smart-gateway/sdk/json'
import type { JsonObject } from '@smart-gateway/sdk/json'
import { logReader } from './log.ts'
import type { LogFormat } from './log.ts'

const format: LogFormat = {
  messageField: 'message',
  timestampField: '@timestamp',
  hostnameField: 'host',
  severityField: 'severity',
  correctSeverity: false,
  indexPrefix: 'sglogs',
}
const line = {
  '@timestamp': '2021-05-06T17:48:25.604198+02:00',
  host: 'compute-0',
  severity: '4',
  message: 'all is well',
}

function read(fields: JsonObject, change: Partial<LogFormat> = {}): LogRecord | string {
  return logReader({ ...format, ...change })(fields)
}

function recordOf(fields: JsonObject, change?: Partial<LogFormat>): LogRecord {
  const log = read(fields, change)
  if (typeof log === 'string') throw new Error(log)
  return log
}

test('the fields of a line become a record; all but message and time are labels', () => {
  expect(recordOf({ ...line, tag: 'x', pid: 5, uuid: null, cee: { n: [1] } })).toEqual({
    index: 'sglogs-compute_0.2021.05.06',
    timeMs: 1620316105604,
    timeNs: 198_000,
    severity: 'warning',
    publisher: 'compute-0',
    labels: { host: 'compute-0', severity: '4', tag: 'x', pid: 5, uuid: null, cee: { n: [1] } },
    message: 'all is well',
  })
})

test('every field may have another name', () => {
  const change = {
    messageField: 'msg',
    timestampField: 'timereported',
    hostnameField: 'hostname',
    severityField: 'syslogseverity',
    indexPrefix: 'my-logs',
  }
  const fields = {
    timereported: '2021-05-06T17:48:25Z',
    hostname: 'h',
    syslogseverity: '7',
    msg: 'm',
    message: 'another',
    host: 'other',
  }
  expect(recordOf(fields, change)).toMatchObject({
    index: 'my-logs-h.2021.05.06',
    severity: 'debug',
    publisher: 'h',
    labels: { hostname: 'h', syslogseverity: '7', message: 'another', host: 'other' },
    message: 'm',
  })
})

test.each([
  ['message', 'messageField'],
  ['@timestamp', 'timestampField'],
  ['host', 'hostnameField'],
])(
  'a line without %s, which the ancestor lost without a word, is not lost silently (3.5)',
  (field, option) => {
    const reason = `the field "${field}" is missing (option ${option})`
    const { [field as keyof typeof line]: _, ...others } = line
    expect(read(others)).toBe(reason)
    expect(read({ ...line, [field]: null })).toBe(reason)
  },
)

test.each([[undefined], [null], ['9'], ['-1'], [{}], [['3']], [1e300]])(
  'severity %j is unknown, a label as it came, and no crash (B4)',
  (severity) => {
    const { labels, ...record } = recordOf({ ...line, severity })
    expect(record).toMatchObject({ severity: 'unknown', message: 'all is well' })
    expect(labels.severity).toBe(severity)
  },
)

test('a line without the severity field is taken', () => {
  const { severity: _, ...others } = line
  expect(recordOf(others)).toMatchObject({ severity: 'unknown', labels: { host: 'compute-0' } })
})

test.each([['Apr  8 15:25:42'], [''], ['-'], ['2021-02-30T00:00:00Z'], [0], [true], [{}], ['9'.repeat(1e6)]])(
  'a line whose time %j cannot be read is kept, in an index without a day',
  (timestamp) => {
    expect(recordOf({ ...line, '@timestamp': timestamp })).toMatchObject({
      index: 'sglogs-compute_0',
      timeMs: 0,
      timeNs: 0,
      message: 'all is well',
    })
  },
)

test.each([
  ['', ''],
  [' leading space', ' leading space'],
  [5, '5'],
  [0.5, '0.5'],
  [false, 'false'],
  [9007199254740993n, '9007199254740993'],
  [{ event: 'x', n: [1, null], id: 9007199254740993n }, '{"event":"x","n":[1,null],"id":9007199254740993}'],
  [['a', 'b'], '["a","b"]'],
])('the message %s is kept as its text', (message, text) => {
  expect(recordOf({ ...line, message }).message).toBe(text)
})

test.each([
  ['', 'unknown', 'sglogs-unknown.2021.05.06'],
  [5, '5', 'sglogs-5.2021.05.06'],
  ['Compute-0.Example', 'Compute-0.Example', 'sglogs-compute_0.example.2021.05.06'],
])('the host %j publishes as %j in %s', (host, publisher, index) => {
  expect(recordOf({ ...line, host })).toMatchObject({ publisher, index, labels: { host } })
})

test.each([[{ name: 'h' }], [['h']], [true]])('the host %j is no name: the line is refused', (host) => {
  expect(read({ ...line, host })).toBe('the field "host" holds no name of a host')
})

test.each([
  [{ message: 'WARNING then error' }, 'critical'],
  [{ message: 'just some information', severity: '3' }, 'info'],
  [{ message: 'nothing to see', severity: '7' }, 'debug'],
  [{ message: 'nothing to see', severity: '9' }, 'unknown'],
  [{ message: { level: 'error' }, severity: '6' }, 'critical'],
])('with correctSeverity %j is %s, and its label stays', (change, severity) => {
  const fields = { ...line, ...change }
  expect(recordOf(fields, { correctSeverity: true })).toMatchObject({
    severity,
    labels: { severity: fields.severity },
  })
})

test('without correctSeverity the text says nothing about the severity', () => {
  expect(recordOf({ ...line, message: 'error' }).severity).toBe('warning')
})

test('names that mean something to JavaScript mean nothing here', () => {
  const text = JSON.stringify({ ...line, constructor: 'y' }).replace('{', '{"__proto__":{"host":"x"},')
  const { labels } = recordOf(parseExactly(text) as JsonObject)
  expect(Object.keys(labels)).toEqual(['__proto__', 'host', 'severity', 'constructor'])
  expect(Object.getPrototypeOf(labels)).toBe(Object.prototype)
  expect(JSON.stringify(labels)).toContain('"__proto__":{"host":"x"}')
  expect(({} as { host?: string }).host).toBeUndefined()
  for (const field of ['toString', '__proto__', 'constructor']) {
    expect(read(line, { messageField: field })).toBe(`the field "${field}" is missing (option messageField)`)
    expect(read(line, { hostnameField: field })).toBe(
      `the field "${field}" is missing (option hostnameField)`,
    )
  }
})

test('integers beyond 2^53 keep every digit, wherever they are', () => {
  const text = `{"a":18446744073709551615,"b":{"c":[-9007199254740993]},"d":1e300,"e":1.5,${JSON.stringify(line).slice(1)}`
  expect(recordOf(parseExactly(text) as JsonObject).labels).toMatchObject({
    a: 18446744073709551615n,
    b: { c: [-9007199254740993n] },
    d: 1e300,
    e: 1.5,
  })
})

test.each([['label'], ['message'], ['@timestamp']])(
  'a %s that nests too deep for a serialiser is refused',
  (field) => {
    const nested = (levels: number) => JSON.parse('['.repeat(levels) + ']'.repeat(levels)) as unknown
    expect(read({ ...line, [field]: nested(99) })).toBeTypeOf('object')
    expect(read({ ...line, [field]: nested(100) })).toBe('its fields nest deeper than 100 levels')
    expect(read({ ...line, [field]: nested(1e5) })).toBe('its fields nest deeper than 100 levels')
  },
)
