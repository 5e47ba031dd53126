import type { IncomingHttpHeaders } from 'node:http'
import { Refusal, refuse } from './refusal.ts'

/** What the headers of a request say about its body and about the answer it can read. */
export interface MediaTypes {
  /** The answer's Content-Type. */
  readonly answer: string
}

/**
 * Checks Content-Type and Accept as the REST layer does before anything else: first that they can be read, then
 * the compatibility versions, then that the body's type is one that Elasticsearch knows.
 */
export function checkMediaTypes(headers: IncomingHttpHeaders, hasBody: boolean, major: number): MediaTypes {
  const accept = read('Accept', headers.accept)
  const content = read('Content-Type', headers['content-type'])
  if (major >= 8) checkVersions(accept, content, hasBody, major)
  if (hasBody && !(content && knows(content, major))) {
    throw new NotAcceptable(
      headers['content-type'] === undefined
        ? 'Content-Type header is missing'
        : `Content-Type header [${headers['content-type']}] is not supported`,
    )
  }
  return { answer: answerType(accept, major) }
}

/** Refused by the HTTP layer, whose errors are one sentence. */
export class NotAcceptable extends Error {}

interface MediaType {
  readonly raw: string
  readonly name: string
  readonly parameters: ReadonlyMap<string, string>
}

const TOKEN = /^[\w!#$%&'*+\-.^`|~]+$/
const BODY_TYPES = new Set(['application/json', 'application/x-ndjson'])
const VERSIONED_BODY_TYPES = new Set([
  'application/vnd.elasticsearch+json',
  'application/vnd.elasticsearch+x-ndjson',
])

function read(header: string, raw: string | undefined): MediaType | undefined {
  if (raw === undefined) return undefined
  const broken = (reason: string): Refusal =>
    refuse(400, 'media_type_header_exception', `Invalid media-type value on header [${header}]`, {
      type: 'illegal_argument_exception',
      reason,
    })
  if (raw.trim() === '') throw broken(`Header [${header}] cannot be empty.`)
  const [name = '', ...rest] = raw.split(';').map((part) => part.trim())
  // A list and a wildcard leave the choice to Elasticsearch.
  if (name === '*/*' || raw.includes(',')) return undefined
  const halves = name.split('/')
  if (halves.length !== 2 || !halves.every((half) => TOKEN.test(half)))
    throw broken(`invalid media-type [${raw}]`)
  const parameters = new Map<string, string>()
  for (const part of rest) {
    if (part === '') continue
    const [key = '', value, ...more] = part.split('=')
    if (value === undefined || more.length > 0 || /\s/.test(key + value))
      throw broken(`invalid parameters for header [${raw}]`)
    parameters.set(key.toLowerCase(), value.replace(/^"(.*)"$/, '$1').toLowerCase())
  }
  return { raw: raw.trim(), name: name.toLowerCase(), parameters }
}

function checkVersions(
  accept: MediaType | undefined,
  content: MediaType | undefined,
  hasBody: boolean,
  major: number,
): void {
  const acceptVersion = version(accept)
  const contentVersion = version(content)
  const refused = (reason: string): Refusal =>
    refuse(400, 'media_type_header_exception', 'Invalid media-type value on headers [Accept, Content-Type]', {
      type: 'status_exception',
      reason,
    })
  const supported = (found: number): boolean => found === major || found === major - 1
  const wrong = (header: string, found: number, { raw }: MediaType): Refusal =>
    refused(
      `${header} version must be either version ${major} or ${major - 1}, but found ${found}. ${header}=${raw}`,
    )

  if (accept && acceptVersion !== undefined && !supported(acceptVersion))
    throw wrong('Accept', acceptVersion, accept)
  if (!hasBody) return
  if (content && contentVersion !== undefined && !supported(contentVersion))
    throw wrong('Content-Type', contentVersion, content)
  const both =
    'A compatible version is required on both Content-Type and Accept headers if either one has requested a compatible version'
  const shown = `Accept=${accept?.raw ?? 'null'}, Content-Type=${content?.raw ?? 'null'}`
  if ((acceptVersion ?? major) !== (contentVersion ?? major))
    throw refused(`${both} and the compatible versions must match. ${shown}`)
  if ((acceptVersion === undefined) !== (contentVersion === undefined)) throw refused(`${both}. ${shown}`)
}

function version(type: MediaType | undefined): number | undefined {
  const text = type?.parameters.get('compatible-with')
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text)
}

function knows({ name, parameters }: MediaType, major: number): boolean {
  const charset = parameters.get('charset')
  if (charset !== undefined && charset !== 'utf-8') return false
  const others = [...parameters.keys()].filter((key) => key !== 'charset' && key !== 'compatible-with')
  if (others.length > 0) return false
  const compatible = parameters.get('compatible-with')
  if (BODY_TYPES.has(name)) return compatible === undefined
  if (!VERSIONED_BODY_TYPES.has(name)) return false
  // 7.x knows the versioned types since 7.14, for its own version only.
  return compatible !== undefined && (major >= 8 || compatible === String(major))
}

function answerType(accept: MediaType | undefined, major: number): string {
  if (accept?.name.startsWith('application/vnd.elasticsearch+') && version(accept) !== undefined)
    return `application/vnd.elasticsearch+json;compatible-with=${version(accept)}`
  return major >= 8 ? 'application/json' : 'application/json; charset=UTF-8'
}
