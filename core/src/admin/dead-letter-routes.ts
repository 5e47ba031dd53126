import { isUtf8 } from 'node:buffer'
import { Hono } from 'hono'
import type { Context, MiddlewareHandler } from 'hono'
import { parseExactly, stringifyExactly } from '@smart-gateway/sdk/json'
import type { DeadLetters } from '../dead-letters/dead-letters.ts'
import type { Letter, LetterInfo } from '../dead-letters/letter.ts'
import type { Replay } from '../dead-letters/replay.ts'
import { reasonOf } from '../errors.ts'
import { asPage, asReplayOptions, asSelection, BadRequest } from './dead-letter-requests.ts'
import { jsonBodyOf, TooLarge } from './request-body.ts'

/** What the routes work on. */
export interface DeadLetterAdmin {
  /** Undefined while there is no store, or none could be opened. */
  letters(): Promise<DeadLetters | undefined>
  /** Undefined where no gateway runs that could deliver. */
  replay(): Promise<Replay | undefined>
  /** Lets nobody pass who may not change something. */
  readonly guard: MiddlewareHandler
}

/** A letter's text is shown up to here; `/body` has all of it. */
const SHOWN_BYTES = 64 * 1024

/** The routes below /api/v1/dead-letters. Who may read is for the listener to say; changing something needs the token. */
export function deadLetterRoutes({ letters, replay, guard }: DeadLetterAdmin): Hono {
  const app = new Hono()
  const store = async (): Promise<DeadLetters> => {
    const found = await letters()
    if (found === undefined)
      throw new Unavailable(
        "there is no dead letter store; the gateway's log says why it could not be opened",
      )
    return found
  }
  const replayer = async (): Promise<Replay> => {
    const found = await replay()
    if (found === undefined) throw new Unavailable('replaying needs a running gateway')
    return found
  }
  const letterOf = async (c: Context): Promise<Letter> => {
    const id = idOf(c)
    const found = id === undefined ? undefined : await (await store()).get(id)
    if (found === undefined) throw new NotFound(`there is no dead letter ${c.req.param('id')}`)
    return found
  }

  app.onError((error, c) => c.json({ error: reasonOf(error) }, statusOf(error)))
  app.use(async (c, next) => (c.req.method === 'GET' ? next() : guard(c, next)))
  app.get('/', async (c) => {
    const page = asPage(c.req.query())
    const letters = await store()
    const found = await letters.list({ ...page, limit: page.limit + 1 })
    const { counts, limits } = letters
    return c.json({
      letters: found.slice(0, page.limit).map(infoJson),
      more: found.length > page.limit,
      store: { letters: counts.letters, bytes: counts.bytes, ...limits },
    })
  })
  app.get('/:id', async (c) => json(letterJson(await letterOf(c))))
  app.get('/:id/body', async (c) => {
    const { body } = await letterOf(c)
    return c.body(new Uint8Array(body), 200, {
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment',
      'x-content-type-options': 'nosniff',
    })
  })
  app.delete('/:id', async (c) => {
    const { id } = await letterOf(c)
    return c.json({ dropped: await (await store()).drop({ ids: [id] }) })
  })
  app.post('/:id/replay', async (c) => {
    const { id } = await letterOf(c)
    return c.json(await (await replayer()).run({ ids: [id] }, { force: c.req.query('force') === 'true' }))
  })
  app.post('/drop', async (c) =>
    c.json({ dropped: await (await store()).drop(asSelection(await jsonBodyOf(c))) }),
  )
  app.post('/replay', async (c) => {
    const request = await jsonBodyOf(c)
    return c.json(await (await replayer()).run(asSelection(request), asReplayOptions(request)))
  })
  return app
}

class NotFound extends Error {}
class Unavailable extends Error {}

function statusOf(error: unknown): 400 | 404 | 413 | 500 | 503 {
  if (error instanceof TooLarge) return 413
  if (error instanceof BadRequest) return 400
  if (error instanceof NotFound) return 404
  return error instanceof Unavailable ? 503 : 500
}

function idOf(c: Context): number | undefined {
  const text = c.req.param('id') ?? ''
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}

function infoJson({ timeMs, ...info }: LetterInfo): object {
  return { ...info, time: new Date(timeMs).toISOString() }
}

function letterJson({ headers, body, ...info }: Letter): object {
  const shown = body.subarray(0, SHOWN_BYTES)
  const truncated = body.length > SHOWN_BYTES
  return {
    ...infoJson(info),
    ...(headers !== undefined && { headers: parseExactly(headers) }),
    // A cut within a character leaves half of it.
    ...(isUtf8(body)
      ? { text: shown.toString().replace(/\uFFFD$/, '') }
      : { base64: shown.toString('base64') }),
    truncated,
  }
}

function json(value: unknown): Response {
  return new Response(stringifyExactly(value), { headers: { 'content-type': 'application/json' } })
}
