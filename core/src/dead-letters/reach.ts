import { existsSync } from 'node:fs'
import { pino } from 'pino'
import { askGateway } from '../admin/admin-client.ts'
import { deadLetterRoutes } from '../admin/dead-letter-routes.ts'
import { deadLetterFile, openDeadLetters } from './dead-letters.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { GatewayPlace } from './settings.ts'

/** The way to a gateway's dead letters: its admin API while it runs, their file while it does not. */
export interface Reached {
  /** Asks a path below /api/v1/dead-letters; throws with what the answer says when it is none of success. */
  ask(path: string, request?: { readonly method: string; readonly body?: object }): Promise<Response>
  close(): Promise<void>
}

type Request = NonNullable<Parameters<Reached['ask']>[1]>

/** Finds the way to the dead letters at the first question. */
export function reachDeadLetters(place: GatewayPlace): Reached {
  const { stateFolder } = place
  let file: Promise<FileAccess> | undefined
  const throughFile = async (path: string, request: Request): Promise<Response> => {
    file ??= openFile(deadLetterFile(stateFolder), stateFolder)
    return (await file).ask(path, request)
  }
  return {
    async ask(path, request = { method: 'GET' }) {
      const asked = { ...request, timeoutMs: REPLAY_MS }
      const answer =
        file === undefined ? await askGateway(place, `/api/v1/dead-letters${path}`, asked) : undefined
      const response = answer?.response ?? (await throughFile(path, request))
      if (response.ok) return response
      throw new Error(await errorIn(response, answer?.where ?? stateFolder))
    },
    async close() {
      await (await file)?.close()
    },
  }
}

/** A replay of many letters takes its time. */
const REPLAY_MS = 600_000

interface FileAccess {
  ask(path: string, request: Request): Promise<Response>
  close(): Promise<void>
}

async function openFile(file: string, stateFolder: string): Promise<FileAccess> {
  if (!existsSync(file)) return { ask: async (path) => nothing(path, file), close: async () => undefined }
  // Nothing is added here, so no bound is met, no secret comes in and nothing is logged.
  const letters: DeadLetters = await openDeadLetters({
    stateFolder,
    limits: { maxBytes: Infinity, whenFull: 'dropNewest' },
    scrubber: { scrub: (text) => text },
    log: pino({ level: 'silent' }),
  })
  const routes = deadLetterRoutes({
    letters: async () => letters,
    replay: async () => undefined,
    // Who may open the file may change it.
    guard: (_, next) => next(),
  })
  return {
    ask: async (path, request) =>
      routes.request(path === '' ? '/' : path.replace(/^\?/, '/?'), init(request)),
    close: () => letters.close(),
  }
}

function nothing(path: string, file: string): Response {
  if (path === '' || path.startsWith('?')) return Response.json({ letters: [], more: false })
  return Response.json(
    { error: `no gateway answers, and there are no dead letters in ${file}` },
    { status: 404 },
  )
}

function init({ method, body }: Request): RequestInit {
  return {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }
}

async function errorIn(response: Response, where: string): Promise<string> {
  const text = await response.text()
  try {
    const { error } = JSON.parse(text) as { readonly error?: unknown }
    if (typeof error === 'string' && error !== 'not found') return error
  } catch {
    // Whatever it is, it is not a gateway that talks.
  }
  return `what answers at ${where} knows no dead letters (status ${response.status}): is it this gateway, and recent enough?`
}
