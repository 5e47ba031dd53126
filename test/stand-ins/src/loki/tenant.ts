import type { IncomingHttpHeaders } from 'node:http'
import { badRequest, Refusal } from './refusal.ts'

/** The tenant of a request: `fake` when Loki runs without tenants, else what X-Scope-OrgID says. */
export function tenantOf(headers: IncomingHttpHeaders, multiTenant: boolean): string {
  if (!multiTenant) return 'fake'
  const given = headers['x-scope-orgid']
  const name = Array.isArray(given) ? given[0] : given
  if (name === undefined || name === '') throw new Refusal(401, 'no org id')
  if (/[/\\]/.test(name) || name === '.' || name === '..') throw badRequest('invalid tenant ID')
  const unsupported = [...name].find((character) => !/[\w!\-.*'()]/.test(character))
  if (unsupported !== undefined)
    throw badRequest(`tenant ID '${name}' contains unsupported character '${unsupported}'`)
  if (name.length > MAX_LENGTH) throw badRequest(`tenant ID is too long: max ${MAX_LENGTH} characters`)
  return name
}

const MAX_LENGTH = 150
