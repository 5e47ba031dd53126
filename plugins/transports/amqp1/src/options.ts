import type { JsonSchema, Options } from '@smart-gateway/sdk'

/** Where to connect to, or where to be connected to. */
export const transportSchema = {
  type: 'object',
  additionalProperties: false,
  allOf: [{ oneOf: [{ required: ['url'] }, { required: ['listen'] }] }],
  dependencies: { username: ['url'], password: ['url'], tls: ['url'] },
  properties: {
    url: {
      type: 'string',
      format: 'uri',
      pattern: '^amqps?://[^/?#]+/?$',
      writeOnly: true,
      description:
        'The broker or router to connect to: `amqp://[user:password@]host[:port]`, `amqps://` for TLS. User and password are percent-encoded. Either this or `listen`.',
    },
    username: {
      type: 'string',
      minLength: 1,
      description: "The user, as it is. Goes before the url's.",
    },
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
          description: "PEM file of the authorities that vouch for the peer, instead of the system's.",
        },
        cert: {
          type: 'string',
          format: 'file',
          description:
            "PEM file with the gateway's own certificate; without a user it is also the login (SASL EXTERNAL).",
        },
        key: { type: 'string', format: 'file', description: 'PEM file with the key of `cert`.' },
        servername: {
          type: 'string',
          description: "The name that the peer's certificate bears, when it is not the url's host.",
        },
      },
      description: 'For an `amqps://` url.',
    },
    listen: {
      type: 'object',
      additionalProperties: false,
      properties: {
        host: {
          type: 'string',
          minLength: 1,
          default: '127.0.0.1',
          description:
            'Address to listen on. Other machines reach the gateway only at another one, such as 0.0.0.0 or ::.',
        },
        port: {
          type: 'integer',
          minimum: 0,
          maximum: 65_535,
          default: 5672,
          description: 'Port to listen on; 0 takes a free one.',
        },
        users: {
          type: 'object',
          minProperties: 1,
          additionalProperties: { type: 'string', minLength: 1 },
          writeOnly: true,
          description:
            'Password of each user that may connect (SASL PLAIN). Without it everybody may, with or without a name.',
        },
        tls: {
          type: 'object',
          additionalProperties: false,
          required: ['cert', 'key'],
          if: {
            required: ['requestClientCertificate'],
            properties: { requestClientCertificate: { const: true } },
          },
          // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
          then: { required: ['ca'] },
          properties: {
            cert: { type: 'string', format: 'file', description: "PEM file with the gateway's certificate." },
            key: { type: 'string', format: 'file', description: 'PEM file with the key of `cert`.' },
            ca: {
              type: 'string',
              format: 'file',
              description: "PEM file of the authorities that vouch for peers' certificates.",
            },
            requestClientCertificate: {
              type: 'boolean',
              default: false,
              description:
                'Peers must show a certificate that `ca` vouches for. It is also a login (SASL EXTERNAL).',
            },
          },
          description: 'When given, peers must speak TLS.',
        },
      },
      description: 'Where producers connect to the gateway itself. Either this or `url`.',
    },
    maxMessageBytes: {
      type: 'integer',
      minimum: 1024,
      default: 4_194_304,
      description: 'Largest message in bytes; a larger one is rejected.',
    },
    heartbeatMs: {
      type: 'integer',
      minimum: 1000,
      default: 10_000,
      description:
        'With `url`: milliseconds between heartbeats; a peer that is silent for two of them is taken for gone.',
    },
    connectTimeoutMs: {
      type: 'integer',
      minimum: 100,
      default: 10_000,
      description: 'With `url`: milliseconds until a connection attempt is given up.',
    },
  },
} as const satisfies JsonSchema

/** What to take messages from. */
export const subscriptionSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['address'],
  properties: {
    address: {
      type: ['string', 'array'],
      minLength: 1,
      minItems: 1,
      uniqueItems: true,
      items: { type: 'string', minLength: 1 },
      description:
        'The address, or a list of addresses, to receive from. On a listener a leading slash is ignored, a `*` at the end stands for any rest, and one address belongs to one input.',
    },
    prefetch: {
      type: 'integer',
      minimum: 1,
      maximum: 10_000,
      default: 1000,
      description: 'Messages (credit) that a link may send ahead of their settlement.',
    },
    settle: {
      enum: ['unsettled', 'settled'],
      default: 'unsettled',
      description:
        'With `url`: how the peer shall send. `settled` messages need no acknowledgement and are lost when the gateway cannot store them. A listener takes both.',
    },
  },
} as const satisfies JsonSchema

export type TransportOptions = Options<typeof transportSchema>
export type ListenOptions = NonNullable<TransportOptions['listen']>
export type SubscriptionOptions = Options<typeof subscriptionSchema>

/** The addresses of a subscription. */
export function addressesOf({ address }: SubscriptionOptions): readonly string[] {
  return typeof address === 'string' ? [address] : address
}
