import { join } from 'node:path'
import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { writePlugin } from '../testing/plugin-folder.ts'
import { scratch } from '../testing/scratch.ts'
import { loadConfiguration } from './load.ts'
import { mergedSchema } from './merged-schema.ts'

const NAMED = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'https://example.com/options',
  type: 'object',
  additionalProperties: false,
  definitions: { port: { type: 'integer' } },
  properties: { port: { $ref: '#/definitions/port' } },
}
const CONFIG = {
  transports: { bus: { plugin: './bus' }, web: { plugin: './web' } },
  filters: { e: { plugin: './sieve', options: { port: 3 } } },
  inputs: {
    a: { plugin: './collectd', filters: ['e'], from: { transport: 'bus', queue: 'x' } },
    b: { plugin: './collectd', from: { transport: 'web' } },
  },
  outputs: { c: { plugin: './store', options: { port: 1 } }, d: { plugin: './other', options: { port: 2 } } },
}

/** Says where a configuration breaks the schema that an editor gets. */
function checker(made: object = CONFIG): (config: object) => readonly string[] {
  const folder = scratch()
  const subscription = {
    additionalProperties: false,
    required: ['queue'],
    properties: { queue: { type: 'string' } },
  }
  writePlugin(join(folder, 'bus'), 'transport', { 'subscription.schema.json': subscription })
  writePlugin(join(folder, 'web'), 'transport')
  writePlugin(join(folder, 'sieve'), 'filter', { 'options.schema.json': NAMED })
  writePlugin(join(folder, 'collectd'), 'input')
  writePlugin(join(folder, 'store'), 'output', { 'options.schema.json': NAMED })
  writePlugin(join(folder, 'other'), 'output', { 'options.schema.json': NAMED })
  const schema = mergedSchema(loadConfiguration({ config: made, folder }, {}))
  const validate = new Ajv({ strict: false, allErrors: true, logger: false }).compile(schema)
  return (config) => (validate(config) ? [] : validate.errors!.map(({ instancePath }) => instancePath))
}

test('the merged schema compiles and accepts the configuration that it was made from', () => {
  expect(checker()(CONFIG)).toEqual([])
})

test('a section without an instance is fine', () => {
  expect(() => checker({})).not.toThrow()
})

test('it knows the options of each plugin and the subscription of each transport', () => {
  const check = checker()
  const { inputs, outputs } = CONFIG
  expect(
    check({ ...CONFIG, outputs: { ...outputs, d: { plugin: './other', options: { port: 'x' } } } }),
  ).toContain('/outputs/d/options/port')
  expect(
    check({ ...CONFIG, inputs: { ...inputs, a: { plugin: './collectd', from: { transport: 'bus' } } } }),
  ).toContain('/inputs/a/from')
  expect(
    check({
      ...CONFIG,
      inputs: { ...inputs, b: { plugin: './collectd', from: { transport: 'web', any: 1 } } },
    }),
  ).toEqual([])
  expect(check({ ...CONFIG, filters: { e: { plugin: './sieve', options: { prot: 3 } } } })).toContain(
    '/filters/e/options',
  )
  expect(check({ ...CONFIG, outptus: {} })).toEqual([''])
})
