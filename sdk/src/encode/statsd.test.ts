import { expect, test } from 'vitest'
import type { Series } from '../index.ts'
import { metricBatch } from '../testing.ts'
import { statsdEncoder, statsdEscape, statsdName } from './statsd.ts'
import type { StatsdDatagrams } from './statsd.ts'

const series = (name: string, labels: Record<string, string> = {}): Series => ({
  name,
  labels,
  type: 'counter',
  intervalMs: 0,
})
const batchOf = (...samples: readonly [Series, number][]) =>
  metricBatch(samples.map(([series, value]) => ({ series, value, timeMs: 1 })))
const textsOf = ({ datagrams }: StatsdDatagrams): string[] => datagrams.map(String)

test('each sample is a gauge of one line', () => {
  const batch = batchOf([series('load', { host: 'a.b', type: '' }), 0.5], [series('up'), 1e21])
  expect(textsOf(statsdEncoder()(batch))).toEqual(['load.a_b._:0.5|g\nup:1e+21|g'])
})

test('a negative value is set by way of 0: with a sign it would be added', () => {
  expect(textsOf(statsdEncoder()(batchOf([series('t'), -1.5], [series('z'), -0])))).toEqual([
    't:0|g\nt:-1.5|g\nz:0|g',
  ])
})

test('no datagram is longer than it may be, and the two lines of a negative value stay together', () => {
  const samples = Array.from({ length: 100 }, (_, i): [Series, number] => [
    series(`n${i}`),
    i % 3 === 0 ? -i : i,
  ])
  const whole = textsOf(statsdEncoder({ maxBytes: 10_000 })(batchOf(...samples)))
  const cut = textsOf(statsdEncoder({ maxBytes: 40 })(batchOf(...samples)))
  expect(cut.every((text) => text.length <= 40)).toBe(true)
  expect(cut.join('\n')).toBe(whole[0])
  for (const text of cut) expect(text).not.toMatch(/:0\|g$(?!\n)(?<!n0:0\|g)/)
})

test('what statsd has no words for is left out, and said', () => {
  const long = series('x'.repeat(50))
  const batch = batchOf([series('a'), Number.NaN], [series('b'), 1], [series('c'), Infinity], [long, 1])
  const encoded = statsdEncoder({ maxBytes: 40 })(batch)
  expect([textsOf(encoded), encoded.leftOut]).toEqual([['b:1|g'], [0, 2, 3]])
  expect(statsdEncoder()(batchOf([series('a'), Number.NaN])).datagrams).toEqual([])
})

test('names hold nothing that ends a name', () => {
  expect(statsdEscape('a:b|c@d#e f\ng\u00fc\u{1f642}h/i-j')).toBe('a_b_c_d_e_f_g__h/i-j')
  expect(statsdEscape('')).toBe('_')
  expect(statsdName(series('cpu', { host: 'compute-0.localdomain', cpu: '0' }))).toBe(
    'cpu.compute-0_localdomain.0',
  )
  const named = statsdEncoder({ nameOf: ({ name }) => `prefix.${name}` })
  expect(textsOf(named(batchOf([series('a:b'), 1])))).toEqual(['prefix.a_b:1|g'])
})
