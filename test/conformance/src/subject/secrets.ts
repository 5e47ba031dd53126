import type { JsonSchema } from '@smart-gateway/sdk'
import { memberOf, placed } from './placed.ts'
import { sampleValue } from './sample-options.ts'
import type { Reach } from './sample-options.ts'
import { nodesOf } from './schema-tree.ts'
import type { Node } from './schema-tree.ts'
import type { Validator } from './validator.ts'

/** What no plugin may ever show. It fits the patterns that passwords and tokens have, and is the same when it is URI-encoded. */
const CANARY = 'Canary0f0f0f7e57'
/** The canary as it may stand in a text: plain, and in base64, which depends on how many bytes come before it. */
const SHAPES: readonly string[] = [CANARY, ...[0, 1, 2].map((before) => base64After(before))]

/** Whether a text shows the canary. */
export function showsCanary(text: string): boolean {
  return SHAPES.some((shape) => text.includes(shape))
}

/** Part of a text that shows the canary, without it. */
export function withoutCanary(text: string): string {
  const hidden = SHAPES.reduce((left, shape) => left.replaceAll(shape, '<the secret>'), text)
  return hidden.slice(Math.max(0, hidden.indexOf('<the secret>') - 200)).slice(0, 300)
}

/** Names that mean a secret, where what is named is a text. */
const SECRET = /password|passphrase|secret|token|api_?key|private_?key|credential/i
/** The same words in the names of what is not secret by itself. */
const HARMLESS = /file|path|field|header|name|url$|uri$|length|bytes|ms$/i

/** The paths of texts in a schema whose names mean a secret but that are not marked as one. */
export function unmarkedSecrets(schema: JsonSchema): readonly string[] {
  return nodesOf(schema)
    .filter(({ path, schema: one }) => {
      const key = path.at(-1) ?? ''
      const isText = [one.type ?? []].flat().includes('string')
      return isText && SECRET.test(key) && !HARMLESS.test(key) && one['format'] !== 'file'
    })
    .filter(({ path, schema: one }) => one.writeOnly !== true && !isWithinMarked(schema, path))
    .map(({ path }) => path.join('.'))
}

/** The secrets that a schema knows: what is marked, and within that the values of maps and lists and what is called like one. */
export function secretsOf(schema: JsonSchema): readonly Node[] {
  return nodesOf(schema).filter(({ path, schema: one }) => {
    if (path.length === 0) return false
    if (one.writeOnly === true) return true
    const key = path.at(-1)!
    return isWithinMarked(schema, path) && (key === '*' || key === '[]' || SECRET.test(key))
  })
}

/** Options for each secret that a schema knows, with the canary in its place. */
export function withCanary(
  schema: JsonSchema,
  base: Readonly<Record<string, unknown>>,
  validator: Validator,
  reach: Reach,
): readonly { readonly key: string; readonly options: Record<string, unknown> }[] {
  const made = new Map(nodesOf(schema).map(({ path, schema: one }) => [path.join('.'), one]))
  const sample = (path: readonly string[]): unknown => {
    const one = made.get(path.join('.'))
    return one === undefined ? undefined : sampleValue(one, validator, reach, path.at(-1))
  }
  return secretsOf(schema).flatMap(({ path }) => {
    const given = path.reduce<unknown>((value, key) => memberOf(value, key), base)
    const address = typeof given === 'string' ? given : sample(path)
    const secrets = [CANARY, withPassword(address)].filter((secret) => secret !== undefined)
    // Some secrets go with a user's name, and with nothing else that may stand beside.
    const besides = [{}, { username: 'conformance' }, { user: 'conformance' }]
    const options = secrets
      .flatMap((secret) => besides.map((beside) => placed({ ...base, ...beside }, path, secret, sample)))
      .find((candidate) => validator.mistakeIn(schema, structuredClone(candidate)) === undefined)
    return options === undefined ? [] : [{ key: path.join('.'), options }]
  })
}

/** Those of its letters that no byte before or after it has a part in. The canary has none in which base64 and base64url differ. */
function base64After(before: number): string {
  const bytes = Buffer.from('\0'.repeat(before) + CANARY)
  return bytes.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6))
}

function withPassword(address: unknown): string | undefined {
  if (typeof address !== 'string' || !URL.canParse(address)) return undefined
  const url = new URL(address)
  url.username = 'conformance'
  url.password = CANARY
  return url.href
}

function isWithinMarked(schema: JsonSchema, path: readonly string[]): boolean {
  return nodesOf(schema).some(
    (node) =>
      node.schema.writeOnly === true &&
      node.path.length < path.length &&
      node.path.every((key, i) => key === path[i]),
  )
}
