import type { Kind } from '@smart-gateway/sdk'
import { expect, test } from 'vitest'
import type { Configuration, InputSpec, InstanceSpec, OutputSpec } from '../config/configuration.ts'
import { planOf } from './plan.ts'
import type { Running, Step, Wanted } from './plan.ts'

const bus = spec('bus')
const collectd: InputSpec = {
  ...spec('collectd'),
  from: { transport: 'bus', subscription: { queue: 'q' } },
  filters: [],
}
const shelf: OutputSpec = {
  ...spec('shelf'),
  from: undefined,
  signals: undefined,
  filters: [],
  required: true,
  queue: { type: 'memory', maxBytes: 1000, whenFull: 'block' },
  batch: { records: 1000, bytes: 1000, lingerMs: 0 },
  retry: { initialMs: 1, maxMs: 2 },
}
const running: readonly Running[] = [
  { name: 'bus', kind: 'transport', spec: bus, version: '1.0.0' },
  { name: 'collectd', kind: 'input', spec: collectd, version: '1.0.0' },
  { name: 'shelf', kind: 'output', spec: shelf, version: '1.0.0' },
]

test('what did not change is kept', () => {
  expect(does(plan({}))).toEqual({ bus: 'kept', collectd: 'kept', shelf: 'kept' })
})

test.each<[string, Partial<InstanceSpec>, string]>([
  ['options', { options: { url: 'b' } }, 'options.url changed'],
  ['another plugin', { plugin: 'other' }, 'plugin changed'],
  ['isolation', { isolation: 'worker' } as Partial<InstanceSpec>, 'isolation changed'],
  [
    'a certificate',
    { files: [{ path: '/ca.pem', sha256: 'b' }] },
    'the content of a file in its options changed',
  ],
])('%s of a plugin takes a new generation', (_, part, why) => {
  expect(step(plan({ outputs: [{ ...shelf, ...part }] }), 'shelf')).toMatchObject({ does: 'replaced', why })
})

test.each<[string, Partial<OutputSpec>, string]>([
  ['queue', { queue: { type: 'memory', maxBytes: 2000, whenFull: 'block' } }, 'queue.maxBytes changed'],
  ['route', { from: ['collectd'] }, 'from changed'],
  ['required', { required: false }, 'required changed'],
])('the %s of an output changes without a new generation', (_, part, why) => {
  expect(step(plan({ outputs: [{ ...shelf, ...part }] }), 'shelf')).toMatchObject({ does: 'updated', why })
})

test('new code is a new generation, its description being the same', () => {
  const steps = plan({}, { newCode: ({ name }) => (name === 'collectd' ? 'its package changed' : undefined) })
  expect(step(steps, 'collectd')).toMatchObject({ does: 'replaced', why: 'its package changed' })
  expect(step(steps, 'shelf')).toMatchObject({ does: 'kept' })
})

test('what is not in the configuration any more leaves, what is new comes', () => {
  const steps = plan({ outputs: [{ ...shelf, name: 'drawer' }] })
  expect(does(steps)).toEqual({ bus: 'kept', collectd: 'kept', shelf: 'removed', drawer: 'added' })
})

test('a name under another kind is one that leaves and one that comes', () => {
  const steps = plan({ inputs: [], outputs: [shelf, { ...shelf, name: 'collectd' }] })
  expect(steps.filter(({ name }) => name === 'collectd')).toMatchObject([
    { kind: 'input', does: 'removed', why: 'it is an output now' },
    { kind: 'output', does: 'added' },
  ])
})

test('an instance with a mistake is refused alone: one that runs goes on, one that does not is not started', () => {
  const problems = [
    { file: 'startup.yaml', line: 3, column: 5, path: 'outputs.shelf.plugin', message: 'is not there' },
  ]
  const refused = new Map([
    ['shelf', { kind: 'output' as const, problems }],
    ['drawer', { kind: 'output' as const, problems }],
  ])
  const steps = plan({ outputs: [] }, { refused })
  expect(does(steps)).toEqual({ bus: 'kept', collectd: 'kept', shelf: 'refused', drawer: 'refused' })
  expect(step(steps, 'shelf').why).toBe(
    'startup.yaml:3:5 outputs.shelf.plugin: is not there; it goes on as it was',
  )
})

test('an input whose transport is refused and does not run is refused with it', () => {
  const refused = new Map([['web', { kind: 'transport' as const, problems: [] }]])
  const fed = (name: string): InputSpec => ({
    ...collectd,
    name,
    from: { transport: 'web', subscription: {} },
  })
  const steps = plan({ inputs: [collectd, fed('logs')] }, { refused })
  expect(step(steps, 'logs')).toMatchObject({ does: 'refused', why: 'its transport web was refused' })
})

test('an input stays with its transport while that one is refused and goes on', () => {
  const refused = new Map([['bus', { kind: 'transport' as const, problems: [] }]])
  expect(does(plan({ transports: [] }, { refused }))).toEqual({
    bus: 'refused',
    collectd: 'kept',
    shelf: 'kept',
  })
})

test('the filters of an output change without a new generation of it', () => {
  const steps = plan({ filters: [spec('sieve')], outputs: [{ ...shelf, filters: ['sieve'] }] })
  expect(step(steps, 'sieve')).toMatchObject({ does: 'added' })
  expect(step(steps, 'shelf')).toMatchObject({ does: 'updated' })
})

test('an output whose filter is refused and does not run is refused with it', () => {
  const refused = new Map([['sieve', { kind: 'filter' as const, problems: [] }]])
  const steps = plan({ outputs: [{ ...shelf, filters: ['sieve'] }] }, { refused })
  expect(step(steps, 'shelf')).toMatchObject({ does: 'refused', why: 'its filter sieve was refused' })
})

test('a filter stays as long as an instance goes on with it', () => {
  const sieve: Running = { name: 'sieve', kind: 'filter', spec: spec('sieve'), version: '1.0.0' }
  const sifted: Running = {
    name: 'drawer',
    kind: 'output',
    spec: { ...shelf, name: 'drawer', filters: ['sieve'] } as OutputSpec,
    version: '1.0.0',
  }
  const refused = new Map([['drawer', { kind: 'output' as const, problems: [] }]])
  const steps = planOf([...running, sieve, sifted], {
    configuration: {
      transports: [bus],
      filters: [],
      inputs: [collectd],
      outputs: [shelf],
    } as unknown as Configuration,
    refused,
    newCode: () => undefined,
  })
  expect(step(steps, 'sieve')).toMatchObject({
    does: 'refused',
    why: 'drawer goes on as it was, and needs it',
  })
})

function plan(
  wanted: Partial<Configuration>,
  { refused = new Map(), newCode = () => undefined }: Partial<Wanted> = {},
) {
  const configuration = {
    transports: [bus],
    filters: [],
    inputs: [collectd],
    outputs: [shelf],
    ...wanted,
  } as Configuration
  return planOf(running, { configuration, refused, newCode })
}

function spec(name: string): InstanceSpec {
  const plugin = {
    folder: '/',
    name,
    version: '1.0.0',
    kind: 'output' as Kind,
    entry: '/index.js',
    options: undefined,
  }
  return {
    name,
    plugin: name,
    package: { ...plugin, subscription: undefined },
    options: { url: 'a' },
    isolation: 'inline',
    files: [],
  } as unknown as InstanceSpec
}

function does(steps: readonly Step[]): Record<string, string> {
  return Object.fromEntries(steps.map(({ name, does }) => [name, does]))
}

function step(steps: readonly Step[], name: string): Step {
  return steps.find((one) => one.name === name)!
}
