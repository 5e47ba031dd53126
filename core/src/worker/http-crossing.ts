/** A request as it crosses to a thread: whole, its body in bytes. */
export interface PackedRequest {
  readonly method: string
  readonly url: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Uint8Array | undefined
}

/** An answer as it crosses back. */
export interface PackedResponse {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Uint8Array
}

/** A longer body is refused: it would have to lie in memory as a whole, twice. */
const MAX_BODY_BYTES = 16 * 1024 * 1024

/** A request whose body is too long to cross. */
export class TooLong extends Error {}

/** Reads a request as a whole. Rejects with TooLong. */
export async function packRequest(request: Request): Promise<PackedRequest> {
  const { method, url, headers } = request
  return { method, url, headers: [...headers], body: await bodyOf(request) }
}

export function unpackRequest({ method, url, headers, body }: PackedRequest, signal: AbortSignal): Request {
  const init = { method, headers: headers.map(([name, value]): [string, string] => [name, value]), signal }
  return new Request(url, body === undefined ? init : { ...init, body: Buffer.from(body) })
}

/** Reads an answer as a whole. */
export async function packResponse(response: Response): Promise<PackedResponse> {
  return {
    status: response.status,
    headers: [...response.headers],
    body: new Uint8Array(await response.arrayBuffer()),
  }
}

export function unpackResponse({ status, headers, body }: PackedResponse): Response {
  const hasBody = ![101, 204, 205, 304].includes(status)
  return new Response(hasBody ? Buffer.from(body) : null, {
    status,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
  })
}

async function bodyOf({ body }: Request): Promise<Uint8Array | undefined> {
  if (body === null) return undefined
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw new TooLong(`a body has at most ${MAX_BODY_BYTES} bytes here`)
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}
