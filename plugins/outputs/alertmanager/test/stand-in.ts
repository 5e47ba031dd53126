import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener, Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface StoredAlert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly startsAt?: string
  readonly endsAt?: string
  readonly generatorURL?: string
}

/** An Alertmanager that refuses what 0.25 refuses, in its words, and like it takes what is good beside the bad. */
export interface StandIn {
  readonly url: string
  /** Every post's alerts, as they came. */
  readonly posts: (readonly StoredAlert[])[]
  /** What its page would show. */
  active(): readonly StoredAlert[]
  /** Puts another behaviour in its place; undefined = its own again. */
  behave(listener: RequestListener | undefined): void
  readonly server: Server
  stop(): Promise<void>
}

export async function startStandIn(): Promise<StandIn> {
  const posts: (readonly StoredAlert[])[] = []
  const stored = new Map<string, StoredAlert>()
  let other: RequestListener | undefined

  const answer = async (request: IncomingMessage): Promise<readonly [number, string]> => {
    if (request.url !== '/api/v2/alerts' || request.method !== 'POST') return [404, '404 page not found\n']
    if (request.headers['content-type'] !== 'application/json')
      return [415, '{"code":415,"message":"unsupported media type"}']
    let alerts: readonly StoredAlert[]
    try {
      alerts = JSON.parse(await textOf(request)) as readonly StoredAlert[]
    } catch (error) {
      return [
        400,
        JSON.stringify({ code: 400, message: `parsing alerts body failed, because ${String(error)}` }),
      ]
    }
    posts.push(alerts)
    if (alerts.some(({ labels }) => Object.values(labels).some((value) => typeof value !== 'string')))
      return [400, '{"code":400,"message":"cannot unmarshal number into field labels of type string"}']
    const complaints = alerts.flatMap((alert) => {
      const complaint = complaintAbout(alert)
      if (complaint === undefined) stored.set(fingerprint(alert), alert)
      return complaint ?? []
    })
    return complaints.length === 0 ? [200, ''] : [400, JSON.stringify(complaints.join('; '))]
  }

  const server = createServer((request, response) => {
    if (other !== undefined) return other(request, response)
    void answer(request).then(([status, body]) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(body),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posts,
    server,
    active: () => [...stored.values()].filter(({ endsAt }) => !endsAt || Date.parse(endsAt) > Date.now()),
    behave: (listener) => void (other = listener),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const VALID_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/
const RESOLVE_TIMEOUT_MS = 300_000

function complaintAbout({ labels, annotations = {}, startsAt, endsAt }: StoredAlert): string | undefined {
  const badLabel = Object.keys(labels).find((name) => !VALID_NAME.test(name))
  if (badLabel !== undefined) return `invalid label set: invalid name "${badLabel}"`
  if (Object.values(labels).every((value) => value === '')) return 'at least one label pair required'
  const badAnnotation = Object.keys(annotations).find((name) => !VALID_NAME.test(name))
  if (badAnnotation !== undefined) return `invalid annotations: invalid name "${badAnnotation}"`
  const end = endsAt === undefined ? Date.now() + RESOLVE_TIMEOUT_MS : Date.parse(endsAt)
  const start = startsAt === undefined ? Math.min(end, Date.now()) : Date.parse(startsAt)
  return start <= end ? undefined : 'start time must be before end time'
}

function fingerprint({ labels }: StoredAlert): string {
  const filled = Object.entries(labels).filter(([, value]) => value !== '')
  return JSON.stringify(filled.map((pair) => JSON.stringify(pair)).sort())
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
