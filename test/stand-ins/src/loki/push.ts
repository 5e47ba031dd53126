import type { IncomingHttpHeaders } from 'node:http'
import { gunzipSync, inflateRawSync } from 'node:zlib'
import type { ItemFault } from '../faults.ts'
import { ingest } from './ingest.ts'
import { readJsonPush } from './json-push.ts'
import { LabelError, parseLabels } from './labels.ts'
import type { Label } from './labels.ts'
import { exceeds } from './limits.ts'
import type { LokiLimits } from './limits.ts'
import { withNormalNames } from './metadata-name.ts'
import { mediaType } from './media-type.ts'
import { readProtobufPush } from './protobuf-push.ts'
import type { PushedEntry, PushedStream } from './push-request.ts'
import { badRequest, Refusal } from './refusal.ts'
import { decompressSnappy } from './snappy.ts'
import type { Store, Tenant } from './store.ts'
import { entryBytes, entryObjection, labelObjection } from './validate.ts'

/** One stream of a push, as a rule of `fail()` sees it. */
export interface LokiItem {
  readonly labels: Readonly<Record<string, string>>
  readonly entries: readonly PushedEntry[]
}

/** What a push works on. */
export interface Ingestion {
  readonly store: Store
  readonly limits: LokiLimits
  readonly major: number
}

/**
 * Does one push. What is good is stored even when this throws the refusal of what is not; a request that cannot be
 * read, or that passes a limit as a whole, stores nothing.
 */
export function push(
  { store, limits, major }: Ingestion,
  tenantName: string,
  headers: IncomingHttpHeaders,
  body: Buffer,
  refuseItem: ItemFault<LokiItem>['items'],
): void {
  if (exceeds(body.length, limits.maxBodyBytes))
    throw new Refusal(
      413,
      `request body too large: ${body.length} bytes, limit: ${limits.maxBodyBytes} bytes`,
    )
  const streams = readPush(headers, body, major).map((stream) => ({ ...stream, parsed: readLabels(stream) }))
  if (streams.length === 0 && major >= 3)
    throw new Refusal(422, 'error at least one valid stream is required for ingestion')
  const nowMs = Date.now()
  const objections: Objection[] = []
  const accepted: { readonly labels: readonly Label[]; readonly entries: PushedEntry[] }[] = []

  for (const [n, { labels: name, parsed, entries }] of streams.entries()) {
    if (entries.length === 0) continue
    const told = refuseItem({ labels: record(parsed), entries }, n)
    const objection = told?.reason ?? labelObjection(parsed, name, limits)
    if (objection !== undefined) {
      objections.push({ status: told?.status ?? 400, reason: objection })
      continue
    }
    const good = entries.filter((entry) => {
      const reason = entryObjection(entry, name, limits, nowMs)
      if (reason !== undefined) objections.push({ status: 400, reason })
      return reason === undefined
    })
    if (good.length > 0) accepted.push({ labels: parsed, entries: good.map(withNormalNames) })
  }

  if (accepted.length > 0) {
    const tenant = store.tenant(tenantName)
    checkWhole(
      tenant,
      accepted.flatMap(({ entries }) => entries),
      limits,
    )
    let refusal: Refusal | undefined
    for (const { labels, entries } of accepted) {
      const stream = store.stream(tenant, labels)
      refusal = (stream ? ingest(stream, entries, limits, major) : tooManyStreams()) ?? refusal
    }
    if (refusal) throw refusal
  }
  const last = objections.at(-1)
  if (last) throw new Refusal(last.status, summary(objections, major))
}

interface Objection {
  readonly status: number
  readonly reason: string
}

function readPush(headers: IncomingHttpHeaders, body: Buffer, major: number): PushedStream[] {
  const decoded = decode(body, headers['content-encoding'])
  const takesMetadata = major >= 3
  return mediaType(headers['content-type']) === 'application/json'
    ? readJsonPush(decoded, takesMetadata)
    : readProtobufPush(decompressSnappy(decoded), takesMetadata)
}

/** Content-Encoding wraps what the media type says: a gzipped protobuf push is snappy inside. */
function decode(body: Buffer, encoding: string | undefined): Buffer {
  try {
    switch (encoding) {
      case undefined:
      case '':
      case 'snappy':
        return body
      case 'gzip':
        return gunzipSync(body)
      // Go's flate reader: raw deflate, without zlib's header.
      case 'deflate':
        return inflateRawSync(body)
      default:
        throw badRequest(`Content-Encoding "${encoding}" not supported`)
    }
  } catch (error) {
    if (error instanceof Refusal) throw error
    throw badRequest(encoding === 'gzip' ? 'gzip: invalid header' : 'flate: corrupt input before offset 1')
  }
}

/** A label set that cannot be read refuses the whole push. */
function readLabels({ labels }: PushedStream): Label[] {
  try {
    return parseLabels(labels)
  } catch (error) {
    if (error instanceof LabelError) throw badRequest(`couldn't parse labels: ${error.message}`)
    throw error
  }
}

const PER_ENTRY_BYTES = 16

function checkWhole(tenant: Tenant, entries: readonly PushedEntry[], limits: LokiLimits): void {
  const bytes = entries.reduce((sum, entry) => sum + entryBytes(entry), 0)
  if (!tenant.rate.allow(bytes))
    throw new Refusal(
      429,
      `Ingestion rate limit exceeded for user ${tenant.name} (limit: ${limits.rateBytes} bytes/sec) while attempting to ingest '${entries.length}' lines totaling '${bytes}' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased`,
    )
  const message = bytes + entries.length * PER_ENTRY_BYTES
  if (exceeds(message, limits.maxGrpcBytes))
    throw new Refusal(
      500,
      `rpc error: code = ResourceExhausted desc = grpc: received message larger than max (${message} vs. ${limits.maxGrpcBytes})`,
    )
}

const tooManyStreams = (): Refusal =>
  new Refusal(
    429,
    'Maximum active stream limit exceeded, reduce the number of active streams (reduce labels or reduce label values), or contact your Loki administrator to see if the limit can be increased',
  )

/** 2.x tells the last mistake; 3.x counts them. */
function summary(objections: readonly Objection[], major: number): string {
  const [first] = objections
  if (major < 3 || objections.length === 1) return objections.at(-1)?.reason ?? ''
  const counts = new Map<string, number>()
  for (const { reason } of objections) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  if (counts.size === 1 && objections.length === 1) return first?.reason ?? ''
  return [...counts].map(([reason, count]) => `${count} errors like: ${reason}`).join('; ')
}

const record = (labels: readonly Label[]): Record<string, string> =>
  Object.fromEntries(labels.map(({ name, value }) => [name, value]))
