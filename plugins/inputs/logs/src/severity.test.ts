import { expect, test } from 'vitest'
import { severityIn, severityOf } from './severity.ts'

test.each([
  ['critical', ['0', '1', '2', '3', 0, 1, 2, 3, 'emerg', 'emergency', 'panic', 'alert', 'crit', 'critical']],
  ['critical', ['err', 'error', 'ERROR', 'Crit', 'EMERG']],
  ['warning', ['4', 4, 'warn', 'warning', 'WARNING', 'Warn']],
  ['info', ['5', '6', 5, 6, 'notice', 'info', 'informational', 'INFO', 'Notice']],
  ['debug', ['7', 7, 'debug', 'DEBUG']],
])('%s is what %j mean', (severity, values) => {
  expect(values.map(severityOf)).toEqual(values.map(() => severity))
})

test.each([['9'], ['-1'], ['8'], [9], [-1], [0.5], [1e308], [9007199254740993n], ['99999999999999999999']])(
  'severity %s, which crashed or misled the ancestor, is unknown (B4)',
  (value) => {
    expect(severityOf(value)).toBe('unknown')
  },
)

test.each([
  [undefined],
  [null],
  [''],
  [' '],
  ['07'],
  ['3.0'],
  ['fatal'],
  ['unknown'],
  [true],
  [{}],
  [[3]],
  [['err']],
  ['constructor'],
  ['__proto__'],
  ['x'.repeat(1e6)],
])('severity %j is unknown', (value) => {
  expect(severityOf(value)).toBe('unknown')
})

test.each([
  ['emergency stop', 'critical'],
  ['red ALERT', 'critical'],
  ['CRITICAL:', 'critical'],
  ['[Error] it failed', 'critical'],
  ['2 errors found', 'critical'],
  ['level=warning msg="x"', 'warning'],
  ['Notice', 'info'],
  ['information', 'info'],
  ['DEBUG x', 'debug'],
  ['WARNING then error', 'critical'],
  ['debug info notice warning', 'warning'],
  ['debugging the alerting', 'critical'],
])('%j names %s', (text, severity) => {
  expect(severityIn(text)).toBe(severity)
})

test.each([[''], ['all is well'], ['warn err crit emerg'], ['err or'], ['\u0130NFO'], ['de bug']])(
  '%j names none',
  (text) => {
    expect(severityIn(text)).toBeUndefined()
  },
)

test('only the first 10 words are looked at', () => {
  expect(severityIn('1 2 3 4 5 6 7 8 9 error')).toBe('critical')
  expect(severityIn('1 2 3 4 5 6 7 8 9 10 error')).toBeUndefined()
  expect(severityIn('1 2 3 4 5 6 7 8 9 debug error')).toBe('debug')
  expect(severityIn(' 2 3 4 5 6 7 8 9 10 error')).toBeUndefined()
})

test('a word of a megabyte is looked through in no time', () => {
  const startedMs = performance.now()
  expect(severityIn(`${'emergenc'.repeat(125_000)}error`)).toBe('critical')
  expect(severityIn('\u017d'.repeat(1e6))).toBeUndefined()
  expect(severityIn(' '.repeat(1e6))).toBeUndefined()
  expect(performance.now() - startedMs).toBeLessThan(1000)
})
