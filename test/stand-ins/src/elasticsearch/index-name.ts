import { Refusal } from './refusal.ts'

/** Refuses a name that no index, alias or data stream may have. */
export function checkIndexName(name: string): void {
  const reason = objection(name)
  if (reason !== undefined)
    throw new Refusal(400, {
      type: 'invalid_index_name_exception',
      reason: `Invalid index name [${name}], ${reason}`,
      index_uuid: '_na_',
      index: name,
    })
}

const FORBIDDEN = /[ "*,/<>?\\|]/

function objection(name: string): string | undefined {
  if (name === '') return 'must not be empty'
  if (FORBIDDEN.test(name))
    return String.raw`must not contain the following characters [' ','"','*',',','/','<','>','?','\','|']`
  if (name.includes('#')) return "must not contain '#'"
  if (name.includes(':')) return "must not contain ':'"
  if (/^[_\-+]/.test(name)) return "must not start with '_', '-', or '+'"
  const bytes = Buffer.byteLength(name)
  if (bytes > 255) return `index name is too long, (${bytes} > 255)`
  if (name === '.' || name === '..') return "must not be '.' or '..'"
  if (name !== name.toLowerCase()) return 'must be lowercase'
  return undefined
}

/** Whether a pattern with `*` covers the name. */
export function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`))
  return new RegExp(`^${parts.join('.*')}$`, 's').test(name)
}
