import { pipeline, Readable } from 'node:stream'
import { constants, createGzip } from 'node:zlib'
import type { Format } from './format.ts'
import { acceptsGzip, chooseFormat } from './negotiation.ts'

/** Returns a fetch-style handler that answers each GET with a page that `render` makes while it is read: also to its end when the session is replaced meanwhile. */
export function createScrapeHandler(
  render: (format: Format) => AsyncIterable<Uint8Array>,
): (request: Request) => Response {
  return ({ method, headers: asked, signal }) => {
    if (method !== 'GET' && method !== 'HEAD') {
      return new Response('only GET and HEAD are answered here\n', {
        status: 405,
        headers: { allow: 'GET, HEAD' },
      })
    }
    const format = chooseFormat(asked.get('accept'))
    const gzip = acceptsGzip(asked.get('accept-encoding'))
    const headers = new Headers({ 'content-type': format.contentType, vary: 'Accept, Accept-Encoding' })
    if (gzip) headers.set('content-encoding', 'gzip')
    return new Response(method === 'HEAD' ? null : stream(render(format), gzip, signal), { headers })
  }
}

/** No scraper waits this long; a page that nobody reads on is dropped, with all that it keeps in memory. */
const LONGEST_SCRAPE_MS = 5 * 60_000

function stream(page: AsyncIterable<Uint8Array>, gzip: boolean, asked: AbortSignal): ReadableStream {
  const plain = Readable.from(page, { objectMode: false, signal: asked })
  // AbortSignal.timeout would keep its timer, and the page with it, long after the page was read.
  const timer = setTimeout(
    () => plain.destroy(new Error('the page was not read to its end')),
    LONGEST_SCRAPE_MS,
  ).unref()
  plain.once('close', () => clearTimeout(timer))
  if (!gzip) return Readable.toWeb(plain)
  const zipped = createGzip({ level: constants.Z_BEST_SPEED, chunkSize: 64 * 1024 })
  // A failure destroys the zipped stream with its error, so the reader learns of it; there is nobody else to tell.
  pipeline(plain, zipped, () => {})
  return Readable.toWeb(zipped)
}
