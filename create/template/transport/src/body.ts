/** Reads a body that may be as long as anybody likes, up to a limit. Rejects when it breaks off. */
export async function readBody(request: Request, mostBytes: number): Promise<Buffer | 'too long'> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length
    if (bytes > mostBytes) return 'too long'
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
