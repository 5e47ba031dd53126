import type { JsonSchema } from '@smart-gateway/sdk'

const names = {
  // Its code lies in a folder of this name, and Node runs no TypeScript below one that is called node_modules.
  pattern: '^(?!node_modules$)[A-Za-z][A-Za-z0-9_-]*$',
  description: 'a name of letters, digits, - and _ that begins with a letter and is not node_modules',
} as const

const plugin = {
  type: 'string',
  minLength: 1,
  description: 'A short name (collectd), an npm package name, or a path that begins with a dot.',
} as const

const options = {
  type: 'object',
  default: {},
  description: 'The options of the plugin; its README lists them.',
} as const

const isolation = {
  enum: ['inline', 'worker', 'process'],
  description:
    "Where its code runs: in the gateway's own thread (default for the gateway's own plugins) or in one of its own (default for all others). process is reserved.",
} as const

const worker = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description: 'What holds where its code runs in a thread of its own.',
  properties: {
    memory: {
      type: 'string',
      format: 'byte-size',
      default: '256MiB',
      description: 'How much heap it may use; a generation that uses more is ended and started anew.',
    },
  },
} as const

const filters = {
  type: 'array',
  items: { type: 'string' },
  uniqueItems: true,
  default: [],
} as const

/** The host's own part of startup.yaml; each plugin's `options` and each transport's subscription take their place in it. */
export const HOST_SCHEMA = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'startup.yaml of the smart gateway',
  type: 'object',
  additionalProperties: false,
  properties: {
    gateway: {
      type: 'object',
      additionalProperties: false,
      default: {},
      description: 'The gateway itself.',
      properties: {
        name: { type: 'string', minLength: 1, default: 'smart-gateway', description: 'Its name in logs.' },
        state: {
          type: 'string',
          minLength: 1,
          default: './state',
          description: 'The one folder that the gateway writes.',
        },
        logLevel: {
          enum: ['debug', 'info', 'warn', 'error'],
          default: 'info',
          description: 'The least grave lines that are logged.',
        },
        drain: {
          type: 'string',
          format: 'time-span',
          default: '20s',
          description: 'How long a stop waits for records under way.',
        },
        probation: {
          type: 'string',
          format: 'time-span',
          default: '60s',
          description: 'How long a new generation is held against the one that it replaced; 0s: it is not.',
        },
        maxSeries: {
          type: 'integer',
          minimum: 1,
          default: 1000000,
          description: 'Series remembered per input.',
        },
        deadLetters: {
          type: 'object',
          additionalProperties: false,
          default: {},
          description: 'What could not be delivered, kept for a person.',
          properties: {
            max: {
              type: 'string',
              format: 'byte-size',
              default: '64MiB',
              description: 'Its bound on the disk; one letter is kept whole up to it.',
            },
            whenFull: {
              enum: ['dropOldest', 'dropNewest'],
              default: 'dropOldest',
              description: 'Which letters go beyond the bound; they are counted.',
            },
          },
        },
        plugins: {
          type: 'object',
          additionalProperties: false,
          default: {},
          description: 'Where the code of plugins may come from, and how much of it is kept.',
          properties: {
            keep: {
              type: 'integer',
              minimum: 1,
              default: 5,
              description: 'So many earlier ones of each instance stay on the disk, to go back to.',
            },
            allow: {
              type: 'array',
              items: { type: 'string', minLength: 1 },
              description:
                'The npm packages that a swap may fetch: names, or scopes as @acme/*. Default: all.',
            },
            pinned: {
              type: 'object',
              additionalProperties: { type: 'string', pattern: '^sha512-[A-Za-z0-9+/]+={0,2}$' },
              description:
                'The integrity of name@version. A package of which any version stands here is taken in these versions only.',
            },
          },
        },
        admin: {
          type: 'object',
          additionalProperties: false,
          default: {},
          description: 'Where health, metrics and the API are served.',
          properties: {
            host: { type: 'string', minLength: 1, default: '127.0.0.1' },
            port: { type: 'integer', minimum: 0, maximum: 65535, default: 8470 },
            token: {
              type: 'string',
              minLength: 16,
              writeOnly: true,
              description: 'Bearer token for /api; needed from other machines.',
            },
          },
        },
      },
    },
    transports: {
      type: 'object',
      default: {},
      propertyNames: names,
      description: 'Where messages come from, by name.',
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        required: ['plugin'],
        properties: { plugin, options, isolation, worker },
      },
    },
    filters: {
      type: 'object',
      default: {},
      propertyNames: names,
      description:
        'What changes records or takes them away, by name; inputs and outputs name those that they use.',
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        required: ['plugin'],
        properties: { plugin, options, isolation, worker },
      },
    },
    inputs: {
      type: 'object',
      default: {},
      propertyNames: names,
      description: 'What turns messages into records, by name.',
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        required: ['plugin'],
        properties: {
          plugin,
          options,
          isolation,
          worker,
          from: {
            type: 'object',
            required: ['transport'],
            properties: {
              transport: {
                type: 'string',
                description: 'The name of a transport; the other keys are its to define.',
              },
            },
            description: 'The subscription that feeds it.',
          },
          filters: {
            ...filters,
            description: 'The filters that see its records before they are routed, in this order.',
          },
        },
      },
    },
    outputs: {
      type: 'object',
      default: {},
      propertyNames: names,
      description: 'What makes a store accept records, by name.',
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        required: ['plugin'],
        properties: {
          plugin,
          options,
          isolation,
          worker,
          from: {
            type: 'array',
            items: { type: 'string' },
            minItems: 1,
            description: 'The inputs that feed it; every input with a signal that it accepts when left out.',
          },
          signals: {
            type: 'array',
            items: { enum: ['metric', 'event', 'log'] },
            minItems: 1,
            uniqueItems: true,
            description: 'The signals that it is given; all that its plugin accepts when left out.',
          },
          filters: {
            ...filters,
            description: 'The filters that see its records before they enter its queue, in this order.',
          },
          required: {
            type: 'boolean',
            default: true,
            description: 'Whether its acceptance is needed before a message is acknowledged.',
          },
          queue: {
            type: 'object',
            additionalProperties: false,
            default: {},
            description: 'The buffer in front of it.',
            properties: {
              type: {
                enum: ['memory', 'disk'],
                default: 'memory',
                description:
                  'disk: records are accepted when they are on the disk, and survive a crash and a restart.',
              },
              max: {
                type: 'string',
                format: 'byte-size',
                default: '64MiB',
                description: 'Its bound: estimated memory, or bytes on the disk.',
              },
              maxRecords: {
                type: 'integer',
                minimum: 1,
                description: 'Its bound in records, beside that in bytes.',
              },
              maxAge: {
                type: 'string',
                format: 'time-span',
                description:
                  'A record that is older when its turn comes is let go of and counted: by its own time, else by its arrival.',
              },
              whenFull: {
                enum: ['block', 'dropOldest', 'dropNewest'],
                description:
                  'What happens beyond the bound: block (default; the sources wait), or drop and count (default dropOldest where required is false).',
              },
            },
          },
          batch: {
            type: 'object',
            additionalProperties: false,
            default: {},
            description: 'How much one write holds.',
            properties: {
              records: {
                type: 'integer',
                minimum: 1,
                maximum: 10000,
                default: 1000,
                description: 'Records in one write, at most.',
              },
              bytes: {
                type: 'string',
                format: 'byte-size',
                default: '1MiB',
                description: 'Estimated memory of the records in one write, at most.',
              },
              linger: {
                type: 'string',
                format: 'time-span',
                default: '0s',
                description:
                  'How long an idle output waits for a batch to fill. It ends at once when a source can send no more before its messages are settled.',
              },
            },
          },
          retry: {
            type: 'object',
            additionalProperties: false,
            default: {},
            description: 'How long to wait after a failed write.',
            properties: {
              initial: { type: 'string', format: 'time-span', default: '1s' },
              max: { type: 'string', format: 'time-span', default: '30s' },
            },
          },
        },
      },
    },
  },
} as const satisfies JsonSchema
