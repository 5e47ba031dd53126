import type { JsonSchema, Options } from '@smart-gateway/sdk'

const nodeUrl = {
  type: 'string',
  format: 'uri',
  pattern: '^https?://[^?#]+$',
} as const satisfies JsonSchema

const dataStreamName = {
  type: 'string',
  maxLength: 100,
  pattern: '^[a-z0-9][^\\\\/*?"<>|\\s,#:A-Z]*$',
} as const satisfies JsonSchema

/** Where the store is and how documents are kept there. */
export const optionsSchema = {
  type: 'object',
  additionalProperties: false,
  allOf: [
    { oneOf: [{ required: ['node'] }, { required: ['nodes'] }] },
    { not: { required: ['apiKey', 'username'] } },
  ],
  dependencies: { username: ['password'], password: ['username'] },
  properties: {
    node: {
      ...nodeUrl,
      writeOnly: true,
      description:
        'The server: `http[s]://[user:password@]host[:port][/path]`; user and password are percent-encoded.',
    },
    nodes: {
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      items: nodeUrl,
      writeOnly: true,
      description:
        'Several nodes of one cluster, used in turn; one that fails is left out for a minute or longer. Instead of `node`.',
    },
    username: {
      type: 'string',
      minLength: 1,
      description: 'The user for basic authentication, as it is. Goes before the one in a URL.',
    },
    password: { type: 'string', writeOnly: true, description: 'The password, as it is.' },
    apiKey: {
      type: 'string',
      minLength: 1,
      writeOnly: true,
      description: 'An API key in its `encoded` form, instead of a user.',
    },
    tls: {
      type: 'object',
      additionalProperties: false,
      dependencies: { cert: ['key'], key: ['cert'] },
      properties: {
        ca: {
          type: 'string',
          format: 'file',
          description: "PEM file of the authorities that vouch for the nodes, instead of Node's own list.",
        },
        cert: { type: 'string', format: 'file', description: "PEM file with the gateway's own certificate." },
        key: { type: 'string', format: 'file', description: 'PEM file with the key of `cert`.' },
        servername: {
          type: 'string',
          description: "The name that the nodes' certificates bear, when it is not the URL's host.",
        },
      },
      description: 'For https:// nodes.',
    },
    dataStream: {
      type: 'object',
      additionalProperties: false,
      properties: {
        events: {
          ...dataStreamName,
          default: 'events-smartgateway-default',
          description: 'The data stream of all events.',
        },
        logs: {
          ...dataStreamName,
          default: 'logs-smartgateway-default',
          description: 'The data stream of all log lines.',
        },
      },
      description:
        "Writes into data streams (`{}` takes their default names) instead of one index for each record's own index name.",
    },
    template: {
      type: 'boolean',
      default: false,
      description: 'Installs the index templates that the documents fit, each time the output opens.',
    },
    compression: {
      type: 'boolean',
      default: false,
      description: 'Sends requests gzipped and asks for gzipped answers.',
    },
    maxRequestBytes: {
      type: 'integer',
      minimum: 1024,
      maximum: 100 * 1024 * 1024,
      default: 5 * 1024 * 1024,
      description:
        'Bytes of one bulk request before compression; a batch that is larger goes in several. A record that is larger goes alone.',
    },
    requestTimeoutMs: {
      type: 'integer',
      minimum: 100,
      maximum: 600_000,
      default: 30_000,
      description: 'Milliseconds until a request without an answer is given up and written again.',
    },
  },
} as const satisfies JsonSchema

export type ElasticsearchOptions = Options<typeof optionsSchema>
