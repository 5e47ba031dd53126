import { permanent } from '@smart-gateway/sdk'
import type { Context, HttpService } from '@smart-gateway/sdk'
import { busy } from './answers.ts'

export type Handler = (request: Request) => Promise<Response>

/** One subscription's place on a path. */
export interface Place {
  readonly url: string
  /** Requests go to this handler from now on. */
  lead(handler: Handler): void
  leave(): Promise<void>
}

export interface RouteTable {
  join(path: string, input: string): Promise<Place>
}

/**
 * One host-owned route per path. While an input's subscription is replaced, the old one and the new share the route, so that
 * the path is served throughout; two inputs never do.
 */
export function routeTable({ http, metrics, options: { host, port } }: Lent): RouteTable {
  const routes = new Map<string, Route>()
  const responses = metrics.counter('http_responses_total', 'Answers to producers.', ['path', 'status'])

  const serve = (path: string, input: string): Route => {
    const handle: Handler = async (request) => {
      const response = await (route.handler?.(request) ??
        busy('This input has not started; send the message again.'))
      responses.inc(1, { path, status: String(response.status) })
      return response
    }
    const route: Route = {
      input,
      places: 0,
      handler: undefined,
      service: http.serve({ host, port, path }, handle),
    }
    routes.set(path, route)
    return route
  }

  const leave = async (path: string, route: Route): Promise<void> => {
    route.places -= 1
    if (route.places > 0) return
    routes.delete(path)
    await (await route.service).close()
  }

  return {
    async join(path, input) {
      const route = routes.get(path) ?? serve(path, input)
      if (route.input !== input)
        throw permanent(`${path} already belongs to the input ${route.input}: give ${input} another path`)
      route.places += 1
      const { url } = await route.service.catch((error: unknown) => {
        if (routes.get(path) === route) routes.delete(path)
        throw error
      })
      let own: Handler | undefined
      let gone: Promise<void> | undefined
      return {
        url,
        lead(handler) {
          if (!gone) route.handler = own = handler
        },
        leave() {
          if (own && route.handler === own) route.handler = undefined
          return (gone ??= leave(path, route))
        },
      }
    },
  }
}

type Lent = Pick<Context<{ readonly host: string; readonly port: number }>, 'http' | 'metrics' | 'options'>

interface Route {
  readonly input: string
  readonly service: Promise<HttpService>
  handler: Handler | undefined
  places: number
}
