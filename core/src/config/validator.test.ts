import { expect, test } from 'vitest'
import type { JsonSchema } from '@smart-gateway/sdk'
import { Validator } from './validator.ts'

function mistakes(schema: JsonSchema, value: unknown): readonly string[] {
  return new Validator().check(schema, value).map(({ path, message }) => `${path.join('.')} ${message}`)
}

test('every mistake is told in one sentence', () => {
  const schema: JsonSchema = {
    type: 'object',
    additionalProperties: false,
    required: ['url', 'name'],
    properties: {
      url: { type: 'string', format: 'uri' },
      name: { type: 'string' },
      port: { type: 'integer', minimum: 1 },
      mode: { enum: ['fast', 'safe'] },
      span: { type: 'string', format: 'time-span' },
      one: { const: 1 },
      either: { type: ['string', 'null'] },
      'a/b~c': { type: 'string' },
    },
  }
  const value = { url: 'nope', prot: 1, port: 0, mode: 'sefe', span: '5', one: 2, either: [], 'a/b~c': 5 }
  expect(mistakes(schema, value)).toEqual([
    ' needs the key "name"',
    'prot is not a known key; did you mean "port"?',
    'url must be a URL',
    'port must be >= 1',
    'mode must be one of fast, safe; did you mean "safe"?',
    'span must be a time such as 500ms, 20s, 5m or 1h, up to 24d',
    'one must be 1',
    'either must be a string or null, not an array',
    'a/b~c must be a string, not a number',
  ])
})

test('defaults are filled in, in place', () => {
  const value = { inner: {} }
  const inner = { type: 'object', properties: { port: { type: 'integer', default: 5 } } }
  expect(mistakes({ type: 'object', properties: { inner, more: { default: [] } } }, value)).toEqual([])
  expect(value).toEqual({ inner: { port: 5 }, more: [] })
})

test('alternatives and names are told by what is wrong in them, once', () => {
  const alternatives = { oneOf: [{ const: 'all' }, { type: 'array', items: { type: 'string' } }] }
  expect(mistakes(alternatives, ['a', 5])).toEqual([' must be "all"', '1 must be a string, not a number'])
  const both = { oneOf: [{ type: 'integer' }, { type: 'number' }] }
  expect(mistakes(both, 5)).toEqual([' must match exactly one schema in oneOf'])
  const names = { type: 'object', propertyNames: { pattern: '^a', description: 'a word with an a' } }
  expect(mistakes(names, { b: 1 })).toEqual(['b must be a word with an a'])
})

test('a value of the wrong form is told by what is wanted, once, and not by a regular expression', () => {
  const url = { type: 'string', format: 'uri', pattern: '^amqps?://[^?#]+$' }
  const description = 'The broker: `amqp://host[:port]`, `amqps://` for TLS. User and password are encoded.'
  const wanted = 'is not what is wanted here: The broker: `amqp://host[:port]`, `amqps://` for TLS'
  const schema: JsonSchema = {
    type: 'object',
    description: 'The options.',
    properties: {
      url: { ...url, description },
      urls: { type: 'array', items: url, description },
      bare: url,
      tag: { type: 'string', pattern: '^[a-z]+$' },
      path: { type: 'string', pattern: '^/', description: 'Path of the page.' },
      either: { type: 'string', pattern: '^a|^b', description: 'A word.' },
    },
  }
  expect(mistakes(schema, { url: 'hunter2' })).toEqual([`url ${wanted}; it must begin with "amqp"`])
  expect(mistakes(schema, { url: 'amqp://hunter2?x' })).toEqual([`url ${wanted}`])
  expect(mistakes(schema, { urls: ['amqp://a', 'b'] })).toEqual([
    `urls.1 ${wanted}; it must begin with "amqp"`,
  ])
  expect(mistakes(schema, { path: 'metrics' })).toEqual([
    'path is not what is wanted here: Path of the page; it must begin with "/"',
  ])
  expect(mistakes(schema, { either: 'c' })).toEqual(['either is not what is wanted here: A word'])
  expect(mistakes(schema, { bare: 'nope', tag: 'A' })).toEqual([
    'bare must be a URL',
    'tag must match pattern "^[a-z]+$"',
  ])
})

test('a schema that is itself invalid is told apart from a bad value', () => {
  const validator = new Validator()
  expect(validator.flawOf({ type: 'objct' })).toContain('schema is invalid')
  expect(validator.flawOf({ $ref: '#/definitions/none' })).toContain("can't resolve reference")
  expect(validator.flawOf({ type: 'string', pattern: '(' })).toBeDefined()
  expect(validator.flawOf({ type: 'object', writeOnly: true, 'x-own': 1 })).toBeUndefined()
})

test('two schemas with the same $id do not meet', () => {
  const validator = new Validator()
  expect(validator.check({ $id: 'https://example.com/options', type: 'string' }, 'a')).toEqual([])
  expect(validator.check({ $id: 'https://example.com/options', type: 'number' }, 'a')).toHaveLength(1)
})
