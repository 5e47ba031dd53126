import type { JsonSchema } from '@smart-gateway/sdk'
import { expect, test } from 'vitest'
import { nodesOf } from './schema-tree.ts'

function places(schema: JsonSchema): readonly string[] {
  return nodesOf(schema).map((node) => `${node.path.join('.')}: ${String(node.schema.type)}`)
}

test('it knows what stands in objects, lists, maps and alternatives', () => {
  const text = { type: 'string' }
  expect(
    places({
      type: 'object',
      properties: {
        rules: { type: 'array', items: { type: 'object', properties: { name: text } } },
        labels: { type: 'object', additionalProperties: text },
      },
      anyOf: [{ properties: { file: text } }, { required: ['rules'] }],
    }),
  ).toEqual([
    ': object',
    'rules: array',
    'rules.[]: object',
    'rules.[].name: string',
    'labels: object',
    'labels.*: string',
    'file: string',
  ])
})

test('references are followed, also such as lead to themselves', () => {
  const definitions = {
    size: { type: 'integer', default: 1 },
    tree: { type: 'object', properties: { below: { $ref: '#/definitions/tree' } } },
  }
  const properties = { size: { $ref: '#/definitions/size' }, tree: { $ref: '#/definitions/tree' } }
  const found = nodesOf({ type: 'object', properties, definitions })
  expect(found.find(({ path }) => path.join('.') === 'size')!.schema).toMatchObject({
    type: 'integer',
    definitions: { size: { type: 'integer' } },
  })
  expect(found.filter(({ path }) => path.at(-1) === 'below').length).toBeGreaterThan(3)
})
