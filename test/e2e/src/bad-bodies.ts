import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'

/** A body that is no message of collectd's, or holds an element that is none. */
export interface BadBody {
  readonly name: string
  readonly body: string | Buffer
  /** A bad message is refused for good; one with a bad element is accepted without it. */
  readonly error: 'decode_message' | 'decode_element'
  /** What the log says, and the answer where there is one. */
  readonly says: string
  /** What AMQP says about it beside. */
  readonly properties?: Readonly<Record<string, string>>
}

/** A request that the http transport refuses by itself. */
export interface BadRequest {
  readonly name: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
  readonly status: number
  readonly says: string
}

const MAX_BODY_BYTES = 4_194_304
const LEVELS = 200_000
const open = '['.repeat(LEVELS)
const close = ']'.repeat(LEVELS)

/** The ancestor's invalid vectors, and what else a producer, a bug or an attacker might send. */
export const BAD_BODIES: readonly BadBody[] = [
  message('an empty body', '', 'the body is empty'),
  message('a bare object', '{}', 'the body is not a JSON array'),
  message('a bare value list', '{"values":[100]}', 'the body is not a JSON array'),
  element('an empty element', '[{}]', 'element 0 is neither a value list (with values) nor a notification'),
  element(
    'a value list without dstypes',
    '[{"values": [2121], "dsnames":["samples"], "host":"localhost", "plugin":"metric", "type":"type0"}]',
    'element 0 (metric/type0): dstypes is not an array',
  ),
  element(
    'a value list without dsnames',
    '[{"values": [2121], "dstypes": ["derive"], "host":"localhost", "plugin":"metric", "type":"type0"}]',
    'element 0 (metric/type0): dsnames is not an array',
  ),
  element(
    'a value list without a host',
    '[{"values": [2121], "dstypes": ["derive"], "dsnames":["samples"], "plugin":"metric", "type":"type0"}]',
    'element 0 (metric/type0): host is missing',
  ),
  element(
    'a value list without a plugin',
    '[{"values": [2121], "dstypes": ["derive"], "dsnames":["samples"], "host":"localhost", "type":"type0"}]',
    'element 0 (type0): plugin is missing',
  ),
  element(
    'a value list without a type',
    '[{"values": [2121], "dstypes": ["derive"], "dsnames":["samples"], "host":"localhost", "plugin":"metric"}]',
    'element 0 (metric): type is missing',
  ),
  element(
    'a value list with more types than values',
    '[{"values":[2121],"dstypes":["derive","counter"],"dsnames":["samples"],"host":"localhost","plugin":"metric","type":"type0"}]',
    'element 0 (metric/type0): 1 values, 2 dstypes and 1 dsnames',
  ),
  element(
    'a notification without a name',
    '[{"labels":{"instance":"localhost"},"annotations":{"summary":"?"}}]',
    'element 0: labels has neither alertname nor check',
  ),
  message('1 MiB of garbage', randomBytes(1_048_576), 'the body is not JSON'),
  message(`${LEVELS} levels that never close`, open, 'the body is not JSON'),
  element(`${LEVELS} levels of nothing`, open + close, 'element 0 is neither a value list'),
  element(
    `${LEVELS} levels inside a notification`,
    `[{"labels":{"alertname":"bomb"},"annotations":{"deep":${open}${close}}}]`,
    'element 0: its fields nest deeper than 100 levels',
  ),
  element(
    `${LEVELS} levels around an integer whose digits are to be kept`,
    `[{"labels":{"alertname":"bomb"},"annotations":{"deep":${open}12345678901234567890${close}}}]`,
    'element 0: its fields nest deeper than 100 levels',
  ),
]

const json = { 'content-type': 'application/json' }
const gzipped = { ...json, 'content-encoding': 'gzip' }
const gzipBomb = gzipSync(Buffer.alloc(64 * 1_048_576))
const brokenGzip = gzipSync(goodBody('never')).subarray(0, -5)

export const BAD_REQUESTS: readonly BadRequest[] = [
  {
    name: 'a content type that is not taken',
    headers: { 'content-type': 'text/plain' },
    body: goodBody('never'),
    status: 415,
    says: 'Content-Type text/plain is not taken here; send application/json.',
  },
  {
    name: 'an encoding that is not taken',
    headers: { ...json, 'content-encoding': 'br' },
    body: goodBody('never'),
    status: 415,
    says: 'This Content-Encoding is not taken here; send gzip, deflate or none.',
  },
  {
    name: 'broken gzip',
    headers: gzipped,
    body: brokenGzip,
    status: 400,
    says: 'The body is not valid gzip',
  },
  {
    name: 'a gzip bomb',
    headers: gzipped,
    body: gzipBomb,
    status: 413,
    says: `The body is larger than ${MAX_BODY_BYTES} bytes`,
  },
  {
    name: 'a body beyond maxBodyBytes',
    headers: json,
    body: Buffer.alloc(MAX_BODY_BYTES + 1, ' '),
    status: 413,
    says: `The body is larger than ${MAX_BODY_BYTES} bytes`,
  },
]

/** A queue's body is handed on as it is, whatever its properties say: it is not unpacked, so no bomb goes off. */
export const BAD_QUEUED_BODIES: readonly BadBody[] = [
  { ...message('broken gzip', brokenGzip, 'the body is not JSON'), properties: { contentEncoding: 'gzip' } },
  { ...message('a gzip bomb', gzipBomb, 'the body is not JSON'), properties: { contentEncoding: 'gzip' } },
  {
    ...message('5 MiB of a picture', randomBytes(5 * 1_048_576), 'the body is not JSON'),
    properties: { contentType: 'image/png' },
  },
]

/** A message that is right in every way: a value list and a notification from one host. */
export function goodBody(host: string): string {
  return JSON.stringify([
    { values: [1], dstypes: ['gauge'], dsnames: ['value'], host, plugin: 'cpu', type: 'percent' },
    {
      labels: { alertname: 'collectd_cpu_percent', instance: host, severity: 'OKAY', service: 'collectd' },
      annotations: { summary: 'all is well' },
      startsAt: '2026-11-20T10:00:00.000000000Z',
    },
  ])
}

/** The sample that becomes of it on a page. */
export function goodSample(host: string): string {
  return `collectd_cpu_percent{host="${host}",plugin_instance="base",type_instance="base"}`
}

/** A value list of that many values. */
export function wideBody(host: string, values: number): string {
  const indexes = Array.from({ length: values }, (_, index) => index)
  return JSON.stringify([
    {
      values: indexes,
      dstypes: indexes.map(() => 'gauge'),
      dsnames: indexes.map((index) => `v${index}`),
      host,
      plugin: 'wide',
      type: 'gauge',
    },
  ])
}

function message(name: string, body: string | Buffer, says: string): BadBody {
  return { name, body, error: 'decode_message', says }
}

function element(name: string, body: string, says: string): BadBody {
  return { name, body, error: 'decode_element', says }
}
