import type { JsonSchema, Options } from '@smart-gateway/sdk'

/** Where to listen, and what to take. */
export const optionsSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['protocol', 'port'],
  properties: {
    protocol: {
      enum: ['udp', 'tcp'],
      description: 'With `udp` each datagram is one message; with `tcp` see `framing`.',
    },
    host: {
      type: 'string',
      minLength: 1,
      default: '127.0.0.1',
      description:
        'Address to listen on, IPv4 or IPv6. Other machines reach the gateway only at another one, such as 0.0.0.0 or ::.',
    },
    port: {
      type: 'integer',
      minimum: 0,
      maximum: 65_535,
      description: 'Port to listen on; 0 takes a free one.',
    },
    framing: {
      enum: ['newline', 'length32be', 'length64le'],
      default: 'newline',
      description:
        'TCP only: how a message ends. `newline`: at the end of its line. `length32be`, `length64le`: after as many bytes as a big-endian 32-bit, or little-endian 64-bit, number before it says.',
    },
    maxMessageBytes: {
      type: 'integer',
      minimum: 1,
      maximum: 67_108_864,
      default: 1_048_576,
      description: 'Largest message in bytes.',
    },
    maxConnections: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      default: 128,
      description: 'TCP only: connections at once; more are refused.',
    },
    idleTimeoutMs: {
      type: 'integer',
      minimum: 100,
      maximum: 2_147_483_647,
      default: 3_600_000,
      description: 'TCP only: milliseconds after which a silent connection is closed.',
    },
    messageTimeoutMs: {
      type: 'integer',
      minimum: 100,
      maximum: 2_147_483_647,
      default: 30_000,
      description:
        'TCP only: milliseconds that a message has from its first byte to its last; then its connection is closed.',
    },
    receiveBufferBytes: {
      type: 'integer',
      minimum: 1024,
      maximum: 1_073_741_824,
      description:
        "UDP only: bytes that the kernel holds while the gateway is busy; the system's default when left out.",
    },
  },
} as const satisfies JsonSchema

/** Everything that an input can say of its subscription: nothing. */
export const subscriptionSchema = {
  type: 'object',
  additionalProperties: false,
  properties: {},
} as const satisfies JsonSchema

export type SocketOptions = Options<typeof optionsSchema>
