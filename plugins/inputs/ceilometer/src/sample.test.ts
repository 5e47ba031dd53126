import { expect, test } from 'vitest'
import { testSeriesTable, testSink } from '@smart-gateway/sdk/testing'
import type { TestSink } from '@smart-gateway/sdk/testing'
import { decodeSample } from './sample.ts'
import type { Sample } from './sample.ts'

const sample: Sample = {
  source: 'openstack',
  counter_name: 'disk.device.read.bytes',
  counter_type: 'cumulative',
  counter_unit: 'B',
  counter_volume: 25168384,
  user_id: 'u',
  user_name: 'alice',
  project_id: 'p',
  project_name: 'demo',
  resource_id: 'r-vda',
  timestamp: '2026-11-20T09:38:52.711069',
  resource_metadata: {
    display_name: 'vm-1',
    name: 'instance-1',
    host: 'compute-0',
    user_metadata: { g: 'x' },
  },
}

function decode(one: Sample, around: object | undefined = { publisher_id: 'telemetry' }): TestSink {
  const sink = testSink()
  decodeSample(one, around as never, 3, testSeriesTable(), sink)
  return sink
}

const labelsOf = (one: Sample) => decode(one).samples[0]!.series.labels

test('every label stands in its place', () => {
  const { samples } = decode(sample)
  expect(samples).toEqual([
    {
      series: {
        name: 'ceilometer_disk_device_read_bytes',
        labels: expect.anything(),
        type: 'counter',
        intervalMs: 100_000,
      },
      value: 25168384,
      timeMs: Date.UTC(2026, 10, 20, 9, 38, 52, 711),
    },
  ])
  expect(Object.entries(samples[0]!.series.labels)).toEqual([
    ['disk', 'read'],
    ['publisher', 'telemetry'],
    ['type', 'device'],
    ['counter', 'disk.device.read.bytes'],
    ['project', 'p'],
    ['project_name', 'demo'],
    ['user', 'u'],
    ['user_name', 'alice'],
    ['unit', 'B'],
    ['resource', 'r-vda'],
    ['vm_instance', 'compute-0'],
    ['resource_name', 'vm-1:instance-1'],
    ['g', 'x'],
  ])
})

test.each([
  ['vcpus', { vcpus: 'r-vda', type: 'vcpus' }],
  ['memory.usage', { memory: 'r-vda', type: 'usage' }],
  ['compute.instance.booting.time', { compute: 'booting', type: 'instance' }],
])('the name %s gives its first label and its type', (counter_name, expected) => {
  expect(labelsOf({ ...sample, counter_name })).toMatchObject({ ...expected, counter: counter_name })
})

test.each([
  [{ display_name: 'd', name: 'n' }, 'd:n'],
  [{ display_name: 'd' }, 'd'],
  [{ name: 'n' }, 'n'],
  [{ display_name: '', name: 'n' }, 'n'],
  [{ display_name: null, name: 5 }, undefined],
  [{}, undefined],
  [null, undefined],
  ['text', undefined],
  [[{ name: 'n' }], undefined],
])('the metadata %j give the resource name %j', (resource_metadata, expected) => {
  expect(labelsOf({ ...sample, resource_metadata }).resource_name).toBe(expected)
})

test('what a sample does not say is no label', () => {
  const { user_name: _1, project_name: _2, ...older } = sample
  const labels = labelsOf({
    ...older,
    user_id: null,
    project_id: null,
    counter_unit: '',
    resource_metadata: {},
  })
  expect(Object.keys(labels)).toEqual(['disk', 'publisher', 'type', 'counter', 'resource'])
})

test('values of user metadata that are no strings are left out, and odd keys are labels like others', () => {
  const user_metadata = JSON.parse(
    '{"n":5,"null":null,"o":{"a":"b"},"l":["x"],"ok":"1","__proto__":"p","constructor":"c","":"e"}',
  ) as object
  const labels = labelsOf({ ...sample, resource_metadata: { user_metadata } })
  expect(Object.entries(labels).slice(-4)).toEqual([
    ['', 'e'],
    ['__proto__', 'p'],
    ['constructor', 'c'],
    ['ok', '1'],
  ])
  expect(Object.getPrototypeOf(labels)).toBe(Object.prototype)
})

test.each([['text'], [['a', 'b']], [null], [5]])('user metadata %j are none', (user_metadata) => {
  const labels = labelsOf({ ...sample, resource_metadata: { user_metadata } })
  expect(Object.keys(labels).at(-1)).toBe('resource')
})

test.each([
  ['cumulative', 'counter'],
  ['gauge', 'gauge'],
  ['delta', 'untyped'],
  ['toString', 'untyped'],
  [undefined, 'untyped'],
  [null, 'untyped'],
])('the type %j is a %s', (counter_type, expected) => {
  expect(decode({ ...sample, counter_type }).samples[0]!.series.type).toBe(expected)
})

test.each([0, -3, 0.5, 1e300, Number.MAX_SAFE_INTEGER + 1])('the volume %d is kept', (counter_volume) => {
  expect(decode({ ...sample, counter_volume }).samples[0]!.value).toBe(counter_volume)
})

test.each([null, undefined])('the volume %j is skipped: it is not a 0', (counter_volume) => {
  expect(decode({ ...sample, counter_volume })).toMatchObject({
    samples: [],
    rejected: [],
    skipped: ['null volume'],
  })
})

test.each(['5', true, false, {}, [], [1], Infinity, -Infinity, NaN])(
  'the volume %j is rejected',
  (counter_volume) => {
    expect(decode({ ...sample, counter_volume })).toMatchObject({
      samples: [],
      rejected: ['element 3 (disk.device.read.bytes): the volume is not a finite number'],
    })
  },
)

test.each([
  [{ counter_name: '' }, 'element 3: its name is missing or not a string'],
  [{ counter_name: 5 }, 'element 3: its name is missing or not a string'],
  [{ counter_type: 5 }, 'element 3 (disk.device.read.bytes): its type is not a string'],
  [{ counter_unit: {} }, 'element 3 (disk.device.read.bytes): its unit is not a string'],
  [{ user_id: 5 }, 'element 3 (disk.device.read.bytes): user_id is not a string'],
  [{ user_name: [] }, 'element 3 (disk.device.read.bytes): user_name is not a string'],
  [{ project_id: true }, 'element 3 (disk.device.read.bytes): project_id is not a string'],
  [{ project_name: 1 }, 'element 3 (disk.device.read.bytes): project_name is not a string'],
  [{ resource_id: {} }, 'element 3 (disk.device.read.bytes): resource_id is not a string'],
  [{ user_id: 'a\0b' }, 'element 3 (disk.device.read.bytes): a label holds a NUL character'],
  [
    { resource_id: 'x'.repeat(9000) },
    'element 3 (disk.device.read.bytes): its labels hold more than 8192 characters',
  ],
])('%j is rejected', (change, says) => {
  expect(decode({ ...sample, ...change })).toMatchObject({ samples: [], rejected: [says], skipped: [] })
})

test('a message names its publisher; only a sample without a message may do without', () => {
  const publishers = (one: Sample, around: object | undefined) => {
    const { samples, rejected } = decode(one, around)
    return [...samples.map(({ series }) => series.labels.publisher), ...rejected]
  }
  const own = { ...sample, publisher_id: 'own' }
  const missing = ['element 3 (disk.device.read.bytes): publisher_id is missing or not a string']
  expect(publishers(own, { publisher_id: 'telemetry' })).toEqual(['telemetry'])
  for (const publisher_id of ['', null, undefined, 5])
    expect(publishers(own, { publisher_id })).toEqual(missing)
  const sink = testSink()
  for (const one of [own, sample]) decodeSample(one, undefined, 0, testSeriesTable(), sink)
  expect(sink.samples.map(({ series }) => series.labels.publisher)).toEqual(['own', 'unknown'])
})

test('in steady state a series is the same object', () => {
  const sink = testSink()
  const table = testSeriesTable()
  for (const counter_volume of [1, 2, 3]) {
    decodeSample(structuredClone({ ...sample, counter_volume }), { publisher_id: 'p' }, 0, table, sink)
  }
  expect(new Set(sink.samples.map(({ series }) => series)).size).toBe(1)
  expect(sink.samples.map(({ value }) => value)).toEqual([1, 2, 3])
})
