import { expect, test } from 'vitest'
import { defineInput, defineOutput, defineTransport, permanent, retryable } from './index.ts'
import type { MetricBatch, Options } from './index.ts'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const holds = <T extends true>(value: T = true as T): T => value

test('options are typed from the schema literal: required and defaulted keys are present, others may be absent', () => {
  const output = defineOutput({
    name: 'example',
    signals: ['metric'],
    options: {
      type: 'object',
      additionalProperties: false,
      required: ['url'],
      properties: {
        url: { type: 'string', format: 'uri' },
        port: { type: 'integer', default: 9103 },
        mode: { enum: ['fast', 'safe'] },
        tags: { type: 'array', items: { type: 'string' } },
        tls: { type: 'object', properties: { ca: { type: 'string' } } },
        headers: { type: 'object', additionalProperties: { type: 'string' } },
        limit: { type: ['integer', 'null'], default: null },
      },
    },
    open({ options }) {
      holds<
        Equal<
          typeof options,
          {
            readonly url: string
            readonly port: number
            readonly limit: number | null
            readonly mode?: 'fast' | 'safe'
            readonly tags?: readonly string[]
            readonly tls?: { readonly ca?: string }
            readonly headers?: Readonly<Record<string, string>>
          }
        >
      >()
      return {
        async write(batch) {
          holds<Equal<typeof batch, MetricBatch>>()
        },
      }
    },
  })
  expect(output).toMatchObject({ api: 1, kind: 'output', name: 'example', signals: ['metric'] })
})

test('a transport types its subscription beside its options', () => {
  const transport = defineTransport({
    name: 'bus',
    redelivers: true,
    options: { type: 'object', properties: {} },
    subscription: { type: 'object', required: ['queue'], properties: { queue: { type: 'string' } } },
    open: () => ({
      subscribe(options) {
        holds<Equal<typeof options, { readonly queue: string }>>()
        return { start() {}, async stop() {} }
      },
    }),
  })
  expect(transport.kind).toBe('transport')
})

test('an input needs nothing but a decoder', () => {
  const input = defineInput({
    name: 'lines',
    signals: ['log'],
    options: { type: 'object' },
    open: () => ({
      decode(message, out) {
        out.reject(message.body.toString())
      },
    }),
  })
  expect(input).toMatchObject({ api: 1, kind: 'input' })
})

test('a schema with a const or alternatives is typed as their union', () => {
  holds<
    Equal<
      Options<{ oneOf: [{ const: 'all' }, { type: 'array'; items: { type: 'string' } }] }>,
      'all' | readonly string[]
    >
  >()
})

test('errors are told apart by their properties', () => {
  const cause = new Error('socket closed')
  expect(retryable('busy', { retryAfter: 1500, code: 'HTTP_429', cause })).toMatchObject({
    message: 'busy',
    retryable: true,
    retryAfter: 1500,
    code: 'HTTP_429',
    cause,
  })
  expect(permanent('bad document')).toMatchObject({ retryable: false })
  expect('cause' in permanent('bad document')).toBe(false)
})
