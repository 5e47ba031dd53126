import { badRequest } from './refusal.ts'

/** The media type of a Content-Type, as Go's mime.ParseMediaType reads it. Throws when it is missing or malformed. */
export function mediaType(header: string | undefined): string {
  const [name = '', ...parameters] = (header ?? '').split(';').map((part) => part.trim())
  if (name === '') throw badRequest('mime: no media type')
  const [type = '', subtype, ...more] = name.split('/')
  if (!TOKEN.test(type)) throw badRequest('mime: expected token after slash')
  if (subtype !== undefined && !TOKEN.test(subtype)) throw badRequest('mime: expected token after slash')
  if (more.length > 0) throw badRequest('mime: unexpected content after media subtype')
  const seen = new Set<string>()
  for (const [n, parameter] of parameters.entries()) {
    if (parameter === '' && n === parameters.length - 1) break
    const [, key, value] = /^([^=\s]+)=("(?:[^"\\]|\\.)*"|[^\s"]+)$/.exec(parameter) ?? []
    if (key === undefined || value === undefined) throw badRequest('mime: invalid media parameter')
    if (seen.has(key.toLowerCase())) throw badRequest('mime: duplicate parameter name')
    seen.add(key.toLowerCase())
  }
  return name.toLowerCase()
}

const TOKEN = /^[\w!#$%&'*+\-.^`|~]+$/
