import type { JsonSchema, Options } from '@smart-gateway/sdk'

export type AlertmanagerOptions = Options<typeof options>

export const options = {
  type: 'object',
  additionalProperties: false,
  required: ['urls'],
  dependencies: { username: ['password'], password: ['username'] },
  properties: {
    urls: {
      type: 'array',
      minItems: 1,
      maxItems: 16,
      uniqueItems: true,
      items: { type: 'string', format: 'uri', pattern: '^https?://[^?#]+$' },
      description:
        'Every Alertmanager of the cluster: `http://host:port`, with its path prefix if it has one, `https://` for TLS.',
    },
    generatorURL: {
      type: 'string',
      format: 'uri',
      pattern: '^https?://',
      description: 'Where a person finds more about the alerts; Alertmanager shows it as their source.',
    },
    username: { type: 'string', minLength: 1, description: 'The user for basic authentication.' },
    password: {
      type: 'string',
      writeOnly: true,
      description: 'The password for basic authentication.',
    },
    token: {
      type: 'string',
      minLength: 1,
      writeOnly: true,
      description: 'Sent as "Authorization: Bearer <token>", instead of a user and a password.',
    },
    tls: {
      type: 'object',
      additionalProperties: false,
      required: ['ca'],
      properties: {
        ca: {
          type: 'string',
          format: 'file',
          minLength: 1,
          description: "PEM file of the authorities that vouch for Alertmanager, instead of the system's.",
        },
      },
      description: 'For `https://` urls.',
    },
    timeoutMs: {
      type: 'integer',
      minimum: 100,
      maximum: 25_000,
      default: 10_000,
      description: 'Milliseconds until an Alertmanager that has not answered a post is given up.',
    },
  },
} as const satisfies JsonSchema
