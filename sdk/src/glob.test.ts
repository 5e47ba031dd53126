import { expect, test } from 'vitest'
import type { Series } from './record.ts'
import { firstMatching, globMatcher } from './glob.ts'

test.each<[string, readonly string[], readonly string[]]>([
  ['load', ['load'], ['', 'loa', 'load1', 'xload']],
  ['*', ['', 'a', 'a*b'], []],
  [
    'collectd_*_percent',
    ['collectd_cpu_percent', 'collectd__percent'],
    ['collectd_percent', 'collectd_cpu_percent_max'],
  ],
  ['*a*b', ['ab', 'xaxxb', 'aabb', 'abab'], ['ba', 'abx']],
  ['a?c', ['abc', 'a?c'], ['ac', 'abbc']],
  ['**x', ['x', 'yx'], ['y']],
  ['a.b[c]', ['a.b[c]'], ['axbc', 'a.bc']],
  ['', [''], ['a']],
])('%j', (pattern, matching, others) => {
  const matches = globMatcher(pattern)
  expect(matching.filter((text) => !matches(text))).toEqual([])
  expect(others.filter((text) => matches(text))).toEqual([])
})

test('many stars and a long text that does not match take no time', () => {
  const started = performance.now()
  expect(globMatcher('*a*a*a*a*a*a*a*a*a*b')('a'.repeat(10_000))).toBe(false)
  expect(performance.now() - started).toBeLessThan(1000)
})

test('the first rule that fits a name is found, once for each series', () => {
  const rules = [{ match: 'cpu*' }, { match: '*' }, { match: 'cpu' }]
  const ruleOf = firstMatching(rules)
  let looks = 0
  const series = (name: string): Series => ({
    get name() {
      looks++
      return name
    },
    labels: {},
    type: 'gauge',
    intervalMs: 0,
  })
  const [cpu, load] = [series('cpu'), series('load')]
  expect([cpu, load, cpu, load].map(ruleOf)).toEqual([rules[0], rules[1], rules[0], rules[1]])
  expect(looks).toBe(3)
  expect(firstMatching([{ match: 'x' }])(cpu)).toBeUndefined()
})
