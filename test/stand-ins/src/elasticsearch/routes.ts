import { indexRoutes } from './index-routes.ts'
import { readRoutes } from './read-routes.ts'
import type { Route } from './router.ts'
import { templateRoutes } from './template-routes.ts'
import { writeRoutes } from './write-routes.ts'

/** Everything that the stand-in answers; the first path that fits takes the request. */
export const ROUTES: readonly Route[] = [...writeRoutes, ...templateRoutes, ...readRoutes, ...indexRoutes]
