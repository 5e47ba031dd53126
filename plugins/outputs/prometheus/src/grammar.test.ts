import { expect, test } from 'vitest'
import { helpText, labelSet, metricName, sampleValue } from './grammar.ts'

test.each([
  ['collectd_cpu_percent', 'collectd_cpu_percent'],
  ['job:rate:sum', 'job:rate:sum'],
  ['disk.read-bytes', 'disk_read_bytes'],
  ['9lives', '_9lives'],
  ['größe', 'gr__e'],
  ['a😀b', 'a_b'],
  ["$.payload.outcome + 'x'", '__payload_outcome____x_'],
  ['a\nb', 'a_b'],
  ['a\n', 'a_'],
  ['', '_'],
])('metric name %j becomes %s', (raw, name) => {
  expect(metricName(raw)).toBe(name)
})

test('labels come out sorted by name, so that their order at the source does not matter', () => {
  expect(labelSet({ b: '2', a: '1' })).toBe('{a="1",b="2"}')
  expect(labelSet({ a: '1', b: '2' })).toBe('{a="1",b="2"}')
  expect(labelSet({})).toBe('')
})

test('backslashes, quotes and line feeds in values are escaped', () => {
  expect(labelSet({ a: 'C:\\new "x"\ny' })).toBe('{a="C:\\\\new \\"x\\"\\ny"}')
})

test('a lone surrogate becomes the replacement character, as it would in UTF-8', () => {
  expect(labelSet({ a: 'x\ud800y', b: '😀' })).toBe('{a="x\ufffdy",b="😀"}')
})

test('an empty value is an absent label', () => {
  expect(labelSet({ a: '', b: 'x' })).toBe('{b="x"}')
  expect(labelSet({ a: '' })).toBe('')
})

test('forbidden characters in label names become underscores, the colon too', () => {
  expect(labelSet({ 'a.b:c': '1', '0x': '2', '': '3', naïve: '4' })).toBe(
    '{_="3",_0x="2",a_b_c="1",na_ve="4"}',
  )
})

test('label names that come out equal stay apart, whatever their order', () => {
  const expected = '{a_b="valid",a_b_2="dash",a_b_3="dot"}'
  expect(labelSet({ 'a.b': 'dot', 'a-b': 'dash', a_b: 'valid' })).toBe(expected)
  expect(labelSet({ a_b: 'valid', 'a-b': 'dash', 'a.b': 'dot' })).toBe(expected)
})

test('only the label that names the metric is renamed among the reserved ones', () => {
  expect(labelSet({ __name__: 'x', __address__: 'y' })).toBe('{__address__="y",__name___2="x"}')
})

test('a value that is no string is shown as one', () => {
  expect(labelSet({ a: 5, b: null } as unknown as Record<string, string>)).toBe('{a="5",b="null"}')
})

test('help stays on one line', () => {
  expect(helpText('a\\b\n"c"\ud800', false)).toBe('a\\\\b\\n"c"\ufffd')
  expect(helpText('a\\b\n"c"\ud800', true)).toBe('a\\\\b\\n\\"c\\"\ufffd')
})

test.each([
  [NaN, 'NaN'],
  [Infinity, '+Inf'],
  [-Infinity, '-Inf'],
  [0.1, '0.1'],
  [7.95918367346939, '7.95918367346939'],
  [1e21, '1e+21'],
  [-3.5e-7, '-3.5e-7'],
  [2 ** 64, '18446744073709552000'],
])('value %d is spelled %s', (value, text) => {
  expect(sampleValue(value)).toBe(text)
})
