import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { testSink } from '@smart-gateway/sdk/testing'
import type { TestSink } from '@smart-gateway/sdk/testing'
import { logReader } from './log.ts'
import { decodeMessage } from './message.ts'

const readLog = logReader({
  messageField: 'message',
  timestampField: '@timestamp',
  hostnameField: 'host',
  severityField: 'severity',
  correctSeverity: false,
  indexPrefix: 'sglogs',
})

const line = (message: string) =>
  JSON.stringify({ '@timestamp': '2021-05-06T17:48:25Z', host: 'h', severity: '4', message })

function decode(body: string | Buffer): TestSink {
  const sink = testSink()
  decodeMessage(Buffer.from(body), readLog, sink)
  return sink
}

function outcome(body: string | Buffer): { logs: string[]; rejected: string[]; skipped: number } {
  const { logs, rejected, skipped } = decode(body)
  return { logs: logs.map(({ message }) => message), rejected, skipped: skipped.length }
}

function refusal(body: string | Buffer): Error {
  try {
    decode(body)
  } catch (error) {
    return error as Error
  }
  throw new Error('it was not refused')
}

test.each([
  ['one object', line('a'), ['a']],
  ['one line', `${line('a')}\n`, ['a']],
  ['one line of Windows', `${line('a')}\r\n`, ['a']],
  ['an object laid out over lines', JSON.stringify(JSON.parse(line('a')), null, 2), ['a']],
  ['an array of objects', `[${line('a')},${line('b')}]`, ['a', 'b']],
  ['an array laid out over lines', `[\n${line('a')}\n,${line('b')}\n]\n`, ['a', 'b']],
  ['an array of strings, as an AMQP list', JSON.stringify([line('a'), `${line('b')}\n`]), ['a', 'b']],
  ['an array of both', `[${line('a')},${JSON.stringify(line('b'))}]`, ['a', 'b']],
  ['a string', JSON.stringify(line('a')), ['a']],
  ['lines', `${line('a')}\n${line('b')}\n${line('c')}`, ['a', 'b', 'c']],
  ['lines of Windows', `${line('a')}\r\n${line('b')}\r\n`, ['a', 'b']],
  ['lines with blank ones', `\n\n${line('a')}\n \t\n\r\n${line('b')}\n\n`, ['a', 'b']],
  ['an array with blank strings', `["", ${JSON.stringify(line('a'))}, "\\n"]`, ['a']],
  ['a text with a byte order mark', `\ufeff${line('a')}\n${line('b')}`, ['a', 'b']],
  ['newlines within a message', `${line('a\nb')}\n${line('c')}`, ['a\nb', 'c']],
  ['an empty array', '[]', []],
  ['an empty array of lines', '[\n]', []],
  ['blank lines', '\n \r\n', []],
  ['a newline', '\n', []],
  ['a space', ' ', []],
])('%s is read', (_form, body, logs) => {
  expect(outcome(body)).toEqual({ logs, rejected: [], skipped: 0 })
})

test('one bad line, which the ancestor lost without a word, is rejected with its position; the others go through (3.5)', () => {
  const body = [line('a'), 'garbage', '', '{}', '5', '[]', line('b').slice(0, -2), line('c')].join('\n')
  expect(outcome(body)).toEqual({
    logs: ['a', 'c'],
    rejected: [
      expect.stringMatching(/^line 2 is not JSON: Unexpected token 'g'/),
      'line 4: the field "message" is missing (option messageField)',
      'line 5 is not a JSON object',
      'line 6 is not a JSON object',
      expect.stringMatching(/^line 7 is not JSON: Unterminated string/),
    ],
    skipped: 0,
  })
})

test('one bad element is rejected with its position; the others go through', () => {
  const body = `[${line('a')},{},5,null,[${line('x')}],"garbage",${JSON.stringify(line('b'))}]`
  expect(outcome(body)).toEqual({
    logs: ['a', 'b'],
    rejected: [
      'element 1: the field "message" is missing (option messageField)',
      'element 2 is not a JSON object',
      'element 3 is not a JSON object',
      'element 4 is not a JSON object',
      expect.stringMatching(/^element 5 is not JSON: /),
    ],
    skipped: 0,
  })
})

test('the first line may be the bad one, and so may the last', () => {
  expect(outcome(`garbage\n${line('a')}`)).toMatchObject({ logs: ['a'], rejected: [/^line 1/].map(matching) })
  expect(outcome(`{\n${line('a')}`)).toMatchObject({ logs: ['a'], rejected: [/^line 1/].map(matching) })
  expect(outcome(`${line('a')}\n{`)).toMatchObject({ logs: ['a'], rejected: [/^line 2/].map(matching) })
})

function matching(pattern: RegExp): unknown {
  return expect.stringMatching(pattern)
}

test('a lone object that is no log line is rejected', () => {
  expect(outcome('{}').rejected).toEqual(['line 1: the field "message" is missing (option messageField)'])
})

test('action lines of a bulk request are skipped, what only looks like one is not', () => {
  const body = [
    '{"index":{"_index":"logs-2026.11.20"}}',
    line('a'),
    '{"create":{}}',
    line('b'),
    '{"index":5}',
    '{"index":{},"x":1}',
    '{"delete":{"_id":"1"}}',
  ].join('\n')
  expect(outcome(body)).toMatchObject({
    logs: ['a', 'b'],
    skipped: 2,
    rejected: [/^line 5: /, /^line 6: /, /^line 7: /].map(matching),
  })
})

test.each([
  ['', 'the body is empty'],
  ['null', 'the body holds no log line; line 1 is not a JSON object'],
  ['12', 'the body holds no log line; line 1 is not a JSON object'],
  ['[5,null]', 'the body holds no log line; element 0 is not a JSON object'],
  ['["x"]', /^the body holds no log line; element 0 is not JSON: /],
  ['"x"', /^the body holds no log line; line 1 is not JSON: /],
  ['x\ny', /^the body holds no log line; line 1 is not JSON: /],
  ['<30>Nov 20 09:44:03 vm app: plain syslog', /^the body is not JSON: Unexpected token '<', /],
  [line('a').slice(0, -1), /^the body is not JSON: Expected ',' or '}'/],
  [line('a').slice(0, 30), /^the body is not JSON: Unterminated string/],
  [`[${line('a')},${line('b')}`, /^the body is not JSON: /],
  [`${line('a')}${line('b')}`, /^the body is not JSON: /],
])('%j is refused as a whole: %s', (body, message) => {
  expect(refusal(body)).toMatchObject({
    message: typeof message === 'string' ? message : expect.stringMatching(message),
    retryable: false,
  })
})

test('a refusal says why without quoting the line', () => {
  const secret = 'hunter2'
  const { message, cause } = refusal(line(`the password is ${secret}`).slice(0, -1))
  expect(message).not.toContain(secret)
  expect(message.length).toBeLessThan(200)
  expect(cause).toMatchObject({ name: 'SyntaxError' })
})

test('bytes that are not UTF-8 are read as replacement characters', () => {
  const broken = Buffer.from(line('a?b?'))
  broken[broken.indexOf('?')] = 0xff
  broken[broken.indexOf('?')] = 0xc3
  expect(outcome(broken).logs).toEqual(['a\ufffdb\ufffd'])
  expect(outcome(Buffer.from(line('é'), 'latin1')).logs).toEqual(['\ufffd'])
})

test.each([
  ['UTF-16', Buffer.from(line('a'), 'utf16le')],
  ['UTF-16 with a byte order mark', Buffer.from(`\ufeff${line('a')}`, 'utf16le')],
  ['gzip', gzipSync(line('a'))],
  ['NUL bytes', Buffer.alloc(1000)],
  ['MessagePack', Buffer.from([0x81, 0xa7, ...Buffer.from('message'), 0xa1, 0x61])],
])('a body of %s is refused, not misread', (_encoding, body) => {
  expect(refusal(body)).toMatchObject({ message: expect.stringMatching(/is not JSON/), retryable: false })
})

test('every way to cut a body off ends in an ordinary way', () => {
  const bodies = [`${line('é')}\n${line('b')}\n`, `[${line('é')},${line('b')}]`].map((body) =>
    Buffer.from(body),
  )
  for (const body of bodies) {
    for (let end = 0; end < body.length; end++) {
      const sink = testSink()
      try {
        decodeMessage(body.subarray(0, end), readLog, sink)
        expect(sink.logs.length + sink.rejected.length).toBeGreaterThan(0)
      } catch (error) {
        expect(error).toMatchObject({ retryable: false })
        expect(sink.logs).toEqual([])
      }
    }
  }
})

test('a message of 16 MiB is read', () => {
  const text = 'x'.repeat(16 * 1024 * 1024)
  expect(outcome(line(text)).logs.map((message) => message.length)).toEqual([text.length])
})

test('a megabyte of nonsense takes no time, however it is put', () => {
  const startedMs = performance.now()
  expect(refusal('{\n'.repeat(500_000)).message).toMatch(/^more than 1000 lines are no log lines; line 1 is /)
  expect(refusal(`["x"${',"x"'.repeat(250_000)}]`).message).toMatch(/^more than 1000 elements/)
  expect(refusal(`${line('a')}\n${'5\n'.repeat(500_000)}`).message).toMatch(/^more than 1000 lines/)
  expect(outcome('{}\n'.repeat(10_000)).rejected).toHaveLength(10_000)
  expect(outcome('\n'.repeat(1e6)).logs).toEqual([])
  expect(performance.now() - startedMs).toBeLessThan(5000)
})

const deep = (open: string, close: string, inside = '1') => open.repeat(1e6) + inside + close.repeat(1e6)
test.each([
  ['the body', deep('[', ']'), 'refused'],
  ['the body, never closed', '['.repeat(1e6), 'refused'],
  ['a line', `${deep('[', ']')}\n${line('a')}`, 'read'],
  ['an element', `[${deep('[', ']')},${line('a')}]`, 'read'],
  ['a label', `${line('x').replace('{', `{"l":${deep('{"a":', '}')},`)}\n${line('a')}`, 'read'],
  ['a message', `${line('x').replace('"x"', deep('[', ']'))}\n${line('a')}`, 'read'],
  [
    'a label with a long number',
    line('a').replace('{', `{"l":${deep('[', ']', '1'.repeat(20))},`),
    'rejected',
  ],
  [
    'a label beside a long number',
    line('a').replace('{', `{"n":${'1'.repeat(20)},"l":${deep('[', ']')},`),
    'refused',
  ],
])('a million levels of nesting in %s end in an ordinary way', (_where, body, expected) => {
  if (expected === 'refused') return expect(refusal(body)).toMatchObject({ retryable: false })
  const { logs, rejected } = outcome(body)
  expect(logs).toEqual(expected === 'read' ? ['a'] : [])
  return expect(rejected).toHaveLength(1)
})
