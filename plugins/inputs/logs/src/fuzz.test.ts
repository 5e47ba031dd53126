import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { stringifyExactly } from '@smart-gateway/sdk/json'
import { mutateBytes, pick, seededRandom, testSink } from '@smart-gateway/sdk/testing'
import type { TestSink } from '@smart-gateway/sdk/testing'
import { logReader } from './log.ts'
import type { ReadLog } from './log.ts'
import { decodeMessage } from './message.ts'

const folder = new URL('../../../../test/fixtures/logs/', import.meta.url)
const lines = readFileSync(new URL('rsyslog-json-template.jsonl', folder), 'utf8').trimEnd().split('\n')
const forms: ((lines: string[]) => string)[] = [
  ([line]) => line!,
  (lines) => lines.join('\n'),
  (lines) => `[${lines.join(',')}]`,
  (lines) => JSON.stringify(lines),
  (lines) => lines.map((line) => `{"index":{}}\n${line}\n`).join(''),
]

function reader(): ReadLog {
  return logReader({
    messageField: 'message',
    timestampField: '@timestamp',
    hostnameField: 'host',
    severityField: 'severity',
    correctSeverity: true,
    indexPrefix: 'sglogs',
  })
}

test('a mutated body is refused or yields valid records, the same ones whatever came before', () => {
  const random = seededRandom(20261120)
  const steadyReader = reader()
  const seen = { refused: 0, logs: 0, rejected: 0, skipped: 0, untimed: 0 }
  for (let round = 0; round < 20_000; round++) {
    const body = mutatedBody(random)
    const startedMs = performance.now()
    const steady = decode(body, steadyReader)
    expect(performance.now() - startedMs).toBeLessThan(1000)
    const fresh = decode(body, reader())
    expect(steady).toEqual(fresh)
    if ('refusal' in fresh) {
      expect(fresh.refusal).not.toBe('')
      seen.refused++
      continue
    }
    fresh.logs.forEach(expectValid)
    expect([...fresh.samples, ...fresh.events]).toEqual([])
    seen.logs += fresh.logs.length
    seen.rejected += fresh.rejected.length
    seen.skipped += fresh.skipped.length
    seen.untimed += fresh.logs.filter(({ timeMs }) => timeMs === 0).length
  }
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(100)
})

function decode(body: Buffer, readLog: ReadLog): TestSink | { refusal: string } {
  const sink = testSink()
  try {
    decodeMessage(body, readLog, sink)
    const { samples, events, logs, rejected, skipped } = sink
    return { samples, events, logs, rejected, skipped } as unknown as TestSink
  } catch (error) {
    expect(error).toMatchObject({ retryable: false })
    return { refusal: (error as Error).message }
  }
}

function expectValid(record: TestSink['logs'][number]): void {
  expect(record.index).toMatch(/^sglogs-[^\sA-Z]*$/)
  expect(Number.isInteger(record.timeMs) && record.timeMs >= 0).toBe(true)
  expect(record.timeNs! >= 0 && record.timeNs! < 1e6 && Number.isInteger(record.timeNs)).toBe(true)
  expect(/\.\d{4}\.\d\d\.\d\d$/.test(record.index)).toBe(record.timeMs > 0)
  expect(['unknown', 'debug', 'info', 'warning', 'critical']).toContain(record.severity)
  expect(record.publisher).toEqual(expect.stringMatching(/^[^]+$/))
  expect(record.message).toBeTypeOf('string')
  expect(Object.keys(record.labels)).not.toContain('message')
  expect(stringifyExactly(record)).toContain(JSON.stringify(record.index))
}

const junk = [
  undefined,
  null,
  true,
  '',
  ' ',
  '\0',
  '__proto__',
  'constructor',
  'A b_\ud800',
  '9',
  'Panic',
  -1,
  0.5,
  1e308,
  12345678901234567000,
  1795168200,
  [],
  {},
  [null],
  ['error'],
  { a: { b: [1] } },
  JSON.parse('['.repeat(200) + ']'.repeat(200)) as unknown,
  'x'.repeat(600),
]

function mutatedBody(random: () => number): Buffer {
  const picked = Array.from({ length: 1 + Math.floor(random() * 3) }, () => mutatedLine(random))
  return mutateBytes(Buffer.from(pick(forms, random)(picked)), 0.7, random)
}

function mutatedLine(random: () => number): string {
  const fields = JSON.parse(pick(lines, random)) as Record<string, unknown>
  for (let changes = Math.floor(random() * 3); changes > 0; changes--) {
    const key = pick([...Object.keys(fields), '@timestamp', 'host', 'severity', 'message'], random)
    const how = random()
    if (how < 0.2) delete fields[key]
    else if (how < 0.8) fields[key] = pick(junk, random)
    else fields[pick(['index', '__proto__', 'constructor', '0', 'a.b'], random)] = fields[key]
  }
  return JSON.stringify(fields)
}
