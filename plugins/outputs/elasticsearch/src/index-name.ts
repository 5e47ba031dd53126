/**
 * A name as Elasticsearch takes it for an index: lower case, forbidden characters as `_`, none of `-_+.` at the beginning, at
 * most 255 bytes. A valid name stays as it is.
 */
export function indexName(given: string): string {
  if (PLAIN.test(given)) return given
  const name = given
    .toLowerCase()
    .replace(FORBIDDEN, '_')
    .replace(/^[-_+.]+/, '')
  return name === '' ? 'unnamed' : cut(name)
}

const PLAIN = /^[a-z0-9][a-z0-9._+-]{0,254}$/
const FORBIDDEN = /[\\/*?"<>|\s,#:\p{Cc}\p{Surrogate}]/gu
const MOST_BYTES = 255

function cut(name: string): string {
  const bytes = Buffer.from(name)
  if (bytes.length <= MOST_BYTES) return name
  let end = MOST_BYTES
  // A character's later bytes are 10xxxxxx.
  while ((bytes[end]! & 0xc0) === 0x80) end -= 1
  return bytes.toString('utf8', 0, end)
}
