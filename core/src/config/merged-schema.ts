import type { JsonSchema } from '@smart-gateway/sdk'
import type { Configuration, InstanceSpec } from './configuration.ts'
import { HOST_SCHEMA } from './schema.ts'

/** The host's schema with the options of every plugin that a configuration names, and the subscriptions of its transports, in their place. */
export function mergedSchema({ transports, filters, inputs, outputs }: Configuration): JsonSchema {
  const subscriptions = transports.map(({ name, package: { subscription } }) => ({
    if: { properties: { transport: { const: name } }, required: ['transport'] },
    then: withTransport(embedded(subscription, `subscription/${name}`), name),
  }))
  const properties = HOST_SCHEMA.properties
  return {
    ...HOST_SCHEMA,
    properties: {
      ...properties,
      transports: section(properties.transports, transports),
      filters: section(properties.filters, filters),
      inputs: section(properties.inputs, inputs, {
        from: { ...properties.inputs.additionalProperties.properties.from, ...all(subscriptions) },
      }),
      outputs: section(properties.outputs, outputs),
    },
  }
}

function section(
  base: JsonSchema & { readonly additionalProperties: JsonSchema },
  instances: readonly InstanceSpec[],
  more: Record<string, JsonSchema> = {},
): JsonSchema {
  const schemas = new Map(
    instances.map(({ plugin, package: { kind, options } }) => [
      plugin,
      embedded(options, `${kind}/${plugin}`),
    ]),
  )
  const instance: JsonSchema = base.additionalProperties
  const choices = [...schemas].map(([plugin, options]) => ({
    if: { properties: { plugin: { const: plugin } }, required: ['plugin'] },
    then: { properties: { options } },
  }))
  return {
    ...base,
    additionalProperties: {
      ...instance,
      properties: { ...instance.properties, ...more },
      ...all(choices),
    },
  }
}

// A schema must not hold an empty list of them.
function all(schemas: readonly JsonSchema[]): JsonSchema {
  return schemas.length === 0 ? {} : { allOf: schemas }
}

// An $id of its own keeps a plugin's references inside its schema, and two plugins that chose the same $id apart.
function embedded(schema: JsonSchema | undefined, name: string): JsonSchema {
  const { $schema: _, ...rest } = schema ?? {}
  return { ...rest, $id: `smart-gateway:${encodeURIComponent(name)}` }
}

function withTransport(subscription: JsonSchema, name: string): JsonSchema {
  return { ...subscription, properties: { transport: { const: name }, ...subscription.properties } }
}
