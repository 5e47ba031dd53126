import type { JsonSchema, Options } from '@smart-gateway/sdk'

/** How to reach the broker. */
export const connectionSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['url'],
  properties: {
    url: {
      type: 'string',
      format: 'uri',
      pattern: '^amqps?://[^?#]+$',
      writeOnly: true,
      description:
        'The broker: `amqp://[user:password@]host[:port][/vhost]`, `amqps://` for TLS. User, password and virtual host are percent-encoded; without a user it is guest.',
    },
    username: { type: 'string', description: "The user, as it is. Goes before the url's." },
    password: {
      type: 'string',
      writeOnly: true,
      description: "The password, as it is. Goes before the url's.",
    },
    tls: {
      type: 'object',
      additionalProperties: false,
      dependencies: { cert: ['key'], key: ['cert'] },
      properties: {
        ca: {
          type: 'string',
          format: 'file',
          description: "PEM file of the authorities that vouch for the broker, instead of the system's.",
        },
        cert: { type: 'string', format: 'file', description: "PEM file with the gateway's own certificate." },
        key: { type: 'string', format: 'file', description: 'PEM file with the key of `cert`.' },
        servername: {
          type: 'string',
          description: "The name that the broker's certificate bears, when it is not the url's host.",
        },
      },
      description: 'For an `amqps://` url.',
    },
    heartbeatMs: {
      type: 'integer',
      minimum: 1000,
      multipleOf: 1000,
      default: 10_000,
      description:
        'Milliseconds between heartbeats; a broker that is silent for two of them is taken for gone.',
    },
    connectTimeoutMs: {
      type: 'integer',
      minimum: 100,
      default: 10_000,
      description: 'Milliseconds until a connection attempt is given up.',
    },
  },
} as const satisfies JsonSchema

/** What to consume. */
export const subscriptionSchema = {
  type: 'object',
  additionalProperties: false,
  allOf: [{ anyOf: [{ required: ['queue'] }, { required: ['exchange'] }] }],
  dependencies: { bindingKeys: ['exchange'] },
  properties: {
    queue: {
      type: 'string',
      minLength: 1,
      description:
        'The queue to consume. It must exist unless `declare.queue` is given. Without it the broker makes one for this subscription alone, which goes with it.',
    },
    exchange: {
      type: 'string',
      minLength: 1,
      description: 'The exchange to bind the queue to. It must exist unless `declare.exchange` is given.',
    },
    bindingKeys: {
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      items: { type: 'string' },
      description:
        'The routing keys that the queue is bound with; `["#"]`, a topic exchange\'s everything, when left out.',
    },
    declare: {
      type: 'object',
      additionalProperties: false,
      properties: {
        queue: {
          type: 'object',
          additionalProperties: false,
          required: ['durable', 'autoDelete', 'exclusive', 'arguments'],
          properties: {
            durable: { type: 'boolean', description: 'The queue survives a restart of the broker.' },
            autoDelete: { type: 'boolean', description: 'The queue goes with its last consumer.' },
            exclusive: {
              type: 'boolean',
              description: 'The queue is for this connection alone and goes with it.',
            },
            arguments: { type: 'object', description: 'For example `{ x-queue-type: quorum }`.' },
          },
          description: 'Makes the queue. Every flag must equal those of whoever else declares it.',
        },
        exchange: {
          type: 'object',
          additionalProperties: false,
          required: ['type', 'durable', 'autoDelete', 'arguments'],
          properties: {
            type: { type: 'string', minLength: 1, description: 'For example `topic`.' },
            durable: { type: 'boolean', description: 'The exchange survives a restart of the broker.' },
            autoDelete: { type: 'boolean', description: 'The exchange goes with its last binding.' },
            arguments: { type: 'object', description: 'For example `{ alternate-exchange: unrouted }`.' },
          },
          description: 'Makes the exchange. Every flag must equal those of whoever else declares it.',
        },
      },
      description: 'What to make instead of expecting it to exist.',
    },
    prefetch: {
      type: 'integer',
      minimum: 1,
      maximum: 65_535,
      default: 1000,
      description: 'Messages that the broker sends ahead of their acknowledgement, for each link.',
    },
    links: {
      type: 'integer',
      minimum: 1,
      maximum: 16,
      default: 1,
      description: 'Consumers of the queue, each on a connection of its own.',
    },
  },
} as const satisfies JsonSchema

export type ConnectionOptions = Options<typeof connectionSchema>
export type SubscriptionOptions = Options<typeof subscriptionSchema>
