import { createHash, timingSafeEqual } from 'node:crypto'

/** Tells whether an Authorization header carries the token, in a time that says nothing about how much of it was right. */
export function bearer(token: string): (header: string | null) => boolean {
  const expected = digest(token)
  return (header) => {
    const given = /^bearer +(.+)$/i.exec(header ?? '')?.[1]
    return given !== undefined && timingSafeEqual(digest(given), expected)
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
