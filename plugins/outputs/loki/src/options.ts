import type { JsonSchema, Options } from '@smart-gateway/sdk'

export const optionsSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['url'],
  dependencies: { username: ['password'], password: ['username'] },
  properties: {
    url: {
      type: 'string',
      format: 'uri',
      pattern: '^https?://[^/?#@]+(/[^?#]*)?$',
      description: 'Where Loki is, for example http://127.0.0.1:3100; /loki/api/v1/push is added.',
    },
    tenant: {
      type: 'string',
      pattern: "^[A-Za-z0-9!_.*'()-]+$",
      maxLength: 150,
      description: 'The tenant (X-Scope-OrgID) that records are stored for.',
    },
    username: {
      type: 'string',
      pattern: '^[^:]+$',
      description: 'The user for basic authentication; goes with `password`.',
    },
    password: {
      type: 'string',
      minLength: 1,
      writeOnly: true,
      description: 'The password for basic authentication; goes with `username`.',
    },
    token: {
      type: 'string',
      pattern: '^[!-~]+$',
      writeOnly: true,
      description: 'A bearer token, instead of `username` and `password`.',
    },
    encoding: {
      enum: ['json', 'protobuf'],
      default: 'json',
      description: 'json: JSON with gzip. protobuf: protocol buffers with snappy.',
    },
    labels: {
      type: 'array',
      maxItems: 10,
      uniqueItems: true,
      items: { type: 'string', minLength: 1 },
      default: ['signal', 'publisher', 'severity'],
      description:
        "What makes a stream: `signal`, `index`, `publisher`, `severity`, `id`, or the name of one of the records' labels. Every combination of values is a stream, so name only what has few.",
    },
    staticLabels: {
      type: 'object',
      minProperties: 1,
      maxProperties: 5,
      propertyNames: { pattern: '^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$', maxLength: 1024 },
      additionalProperties: { type: 'string', minLength: 1, maxLength: 500 },
      default: { job: 'smart-gateway' },
      description: 'Labels that every stream has.',
    },
    structuredMetadata: {
      type: 'boolean',
      default: true,
      description:
        "Whether what is not in the stream's labels goes along as structured metadata. Loki before 3.0 refuses it: with false it is left out.",
    },
    maxStreams: {
      type: 'integer',
      minimum: 1,
      default: 500,
      description: 'Streams in one push at most; a batch with more takes several pushes.',
    },
    maxBytes: {
      type: 'integer',
      minimum: 1024,
      maximum: 4_000_000,
      default: 1_048_576,
      description:
        'Bytes of lines, metadata and labels in one push at most, uncompressed. A record that is larger is refused.',
    },
    timeoutMs: {
      type: 'integer',
      minimum: 100,
      default: 10_000,
      description: 'Milliseconds until a push without a whole answer is given up, to be tried again.',
    },
  },
} as const satisfies JsonSchema

export type LokiOptions = Options<typeof optionsSchema>
