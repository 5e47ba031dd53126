import { expect, test } from 'vitest'
import type { JsonSchema } from '@smart-gateway/sdk'
import { Scrubber, secretsIn } from './secrets.ts'

const secret = { type: 'string', writeOnly: true }

test.each<[string, JsonSchema, unknown]>([
  ['a property', { properties: { token: secret } }, { token: 'hunter2' }],
  ['a nested one', { properties: { a: { properties: { token: secret } } } }, { a: { token: 'hunter2' } }],
  ['items', { properties: { keys: { type: 'array', items: secret } } }, { keys: ['hunter2'] }],
  ['tuple items', { properties: { keys: { items: [{}, secret] } } }, { keys: ['', 'hunter2'] }],
  ['any key of a map', { properties: { env: { additionalProperties: secret } } }, { env: { A: 'hunter2' } }],
  [
    'keys by pattern',
    { properties: { env: { patternProperties: { '^A': secret } } } },
    { env: { A: 'hunter2' } },
  ],
  [
    'an alternative',
    { properties: { auth: { oneOf: [{}, { properties: { pw: secret } }] } } },
    { auth: { pw: 'hunter2' } },
  ],
  ['what allOf adds', { allOf: [{ properties: { pw: secret } }] }, { pw: 'hunter2' }],
  ['what then adds', { if: {}, then: { properties: { pw: secret } } }, { pw: 'hunter2' }],
  [
    'a definition',
    { definitions: { s: secret }, properties: { pw: { $ref: '#/definitions/s' } } },
    { pw: 'hunter2' },
  ],
  ['a whole object', { properties: { tls: { writeOnly: true } } }, { tls: { key: ['hunter2'] } }],
  [
    'a URL that nobody marked',
    { properties: { url: { type: 'string' } } },
    { url: 'amqp://me:hunter2@host' },
  ],
  ['a URL without a schema', {}, { url: 'amqp://me:hunter2@host' }],
])('finds the secret in %s', (_, schema, value) => {
  expect(secretsIn(schema, value)).toContain('hunter2')
})

test('finds the password of a URL as it is written and as it is meant, also one that is encoded badly', () => {
  const schema = { properties: { url: secret } }
  expect(secretsIn(schema, { url: 'amqp://me:a%40b@host' })).toEqual(['amqp://me:a%40b@host', 'a%40b', 'a@b'])
  expect(secretsIn(schema, { url: 'amqp://me:%zz@host' })).toEqual(['amqp://me:%zz@host', '%zz'])
})

test('a schema that refers to itself is followed once', () => {
  const schema = {
    definitions: { n: { properties: { pw: secret, next: { $ref: '#/definitions/n' } } } },
    $ref: '#/definitions/n',
  }
  expect(secretsIn(schema, { next: { next: { pw: 'hunter2' } } })).toEqual(['hunter2'])
})

test('what nobody marked is no secret', () => {
  expect(secretsIn({ properties: { a: {}, b: secret } }, { a: 'plain', c: 5 })).toEqual([])
})

test('a secret is hidden as it is, in JSON, in a URL and folded to one line', () => {
  const scrubber = new Scrubber()
  const value = 'pa"ss\\wo rd\nend'
  scrubber.add([value, 'abc', 'p@ss'])
  for (const text of [
    value,
    JSON.stringify({ value }),
    encodeURIComponent(value),
    'pa"ss\\wo rd end',
    'p%40ss',
  ])
    expect(scrubber.scrub(`before ${text} after`)).toMatch(/^before .*\[secret\].* after$/)
  expect(scrubber.scrub('abc')).toBe('abc')
})

test.each(['', 'me:', 'you:', 'them:'])('a secret is hidden in base64 behind "%s"', (before) => {
  const scrubber = new Scrubber()
  scrubber.add(['hunter2', 'p?~>ss>?~'])
  for (const secret of ['hunter2', 'p?~>ss>?~'])
    for (const encoding of ['base64', 'base64url'] as const) {
      const header = `Basic ${Buffer.from(`${before}${secret}`).toString(encoding)}`
      const scrubbed = scrubber.scrub(header)
      expect(scrubbed).toMatch(/^Basic .{0,8}\[secret\].{0,4}$/)
    }
})

test('a URL that is a mere address is no secret, one with a token in its path is', () => {
  const schema = { properties: { url: secret } }
  expect(secretsIn(schema, { url: 'amqp://127.0.0.1:5672' })).toEqual([])
  expect(secretsIn(schema, { url: 'https://example.org/hooks/T0KEN' })).toEqual([
    'https://example.org/hooks/T0KEN',
  ])
})
