type Headers = readonly (readonly [string, string])[]

/** A request as it crosses to a thread: whole. */
export interface PackedRequest {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly body: Uint8Array | undefined
}

/** An answer as it crosses back. */
export interface PackedResponse {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
}

export async function packRequest(request: Request): Promise<PackedRequest> {
  const { method, url, headers } = request
  const body = request.body === null ? undefined : new Uint8Array(await request.arrayBuffer())
  return { method, url, headers: [...headers], body }
}

export function unpackRequest({ method, url, headers, body }: PackedRequest, signal: AbortSignal): Request {
  const init = { method, headers: headers as [string, string][], signal }
  return new Request(url, body === undefined ? init : { ...init, body: Buffer.from(body) })
}

export async function packResponse(response: Response): Promise<PackedResponse> {
  const { status, headers } = response
  return { status, headers: [...headers], body: new Uint8Array(await response.arrayBuffer()) }
}

export function unpackResponse({ status, headers, body }: PackedResponse): Response {
  const hasBody = ![101, 204, 205, 304].includes(status)
  return new Response(hasBody ? Buffer.from(body) : null, { status, headers: headers as [string, string][] })
}
