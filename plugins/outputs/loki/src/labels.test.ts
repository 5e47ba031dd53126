import { expect, test } from 'vitest'
import { log } from '../test/records.ts'
import { chooseLabels } from './labels.ts'
import { metadataReader } from './metadata.ts'

const staticLabels = { job: 'x' }

test('fields come before labels of the same name, absent and empty values are left out', () => {
  const { valuesOf, pairsOf } = chooseLabels({
    labels: ['severity', 'k8s.pod', 'nothing', 'toString', 'id'],
    staticLabels,
  })
  const values = valuesOf('log', { ...log, labels: { severity: 6, 'k8s.pod': 7n, nothing: null } })
  expect(pairsOf(values)).toEqual(['job', 'x', 'severity', 'info', 'k8s_pod', '7'])
})

test('a value with parts is JSON, a long one is cut at a character', () => {
  const { valuesOf } = chooseLabels({ labels: ['a', 'b'], staticLabels })
  const [a, b] = valuesOf('log', { ...log, labels: { a: { x: [1n] }, b: `x${'é'.repeat(2000)}` } })
  expect(a).toBe('{"x":[1]}')
  expect(b).toBe(`x${'é'.repeat(1023)}`)
})

test.for([
  [['a.b', 'a-b'], staticLabels, 'a_b'],
  [['job'], staticLabels, 'job'],
] as const)('two labels that come out with one name are an error: %j', ([labels, staticLabels, name]) => {
  expect(() => chooseLabels({ labels, staticLabels })).toThrow(`Two labels come out as "${name}"`)
})

function metadataOf(labels: Record<string, unknown>, chosen: readonly string[] = ['publisher', 'severity']) {
  let leftOut = 0
  const read = metadataReader(chooseLabels({ labels: chosen, staticLabels }), () => (leftOut += 1))
  const pairs = read({ ...log, index: 'i', labels })
  const names = pairs.filter((_, i) => i % 2 === 0)
  return { leftOut, pairs, names }
}

test('metadata is what is not in the labels of the stream', () => {
  expect(metadataOf({ a: 1, b: true, c: '', d: null, e: { f: 'g' } }, ['a']).pairs).toEqual([
    'index',
    'i',
    'publisher',
    'compute-0',
    'severity',
    'info',
    'b',
    'true',
    'e',
    '{"f":"g"}',
  ])
})

test('every name is valid and used once; a valid one keeps its own', () => {
  const labels = {
    'a.b': 1,
    a_b: 2,
    'a-b': 3,
    '': 4,
    '1x': 5,
    __x: 6,
    job: 7,
    severity: 8,
    severity_2: 9,
    index: 10,
    é: 11,
  }
  const { names } = metadataOf(labels)
  expect(names.join(' ')).toBe('index a_b_2 a_b a_b_3 _ _1x _x job_2 severity_3 severity_2 index_2 __2')
})

test('three thousand labels that come out equal take no time', { timeout: 2000 }, () => {
  const labels = Array.from({ length: 3000 }, (_, i) => [String.fromCodePoint(0x4e00 + i), i])
  const { names, leftOut } = metadataOf(Object.fromEntries(labels))
  expect([names.length, leftOut]).toEqual([128, 2873])
})

test('what is past the limits of Loki stays behind and is counted', () => {
  const many = metadataOf(Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`l${i}`, i])))
  expect([many.names.length, many.leftOut]).toEqual([128, 73])
  const large = metadataOf({ a: 'x', b: 'é'.repeat(40_000), c: 'y' })
  expect([large.names, large.leftOut]).toEqual([['index', 'a', 'c'], 1])
})
