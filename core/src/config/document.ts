import {
  constructFromEvents,
  CORE_SCHEMA,
  EVENT_ID,
  getScalarValue,
  mergeTag,
  parseEvents,
  SCALAR_STYLE,
} from 'js-yaml'
import type { Event, ScalarStyle } from 'js-yaml'
import type { Problem } from './problem.ts'
import { referenceTag } from './references.ts'

/** A path into a configuration: keys and indexes. */
export type Path = readonly (string | number)[]

/** A configuration as it was written, and where each part of it stands. */
export interface Document {
  readonly file: string
  readonly value: unknown
  /** Says where a path stands, or else its nearest parent. `key` points at the key and not at its value. */
  at(path: Path, part?: 'key' | 'value'): { readonly line: number; readonly column: number } | undefined
  /** What YAML itself allows but this file must not have. */
  readonly problems: readonly Problem[]
}

/** Reads YAML text. Mistakes in its syntax come back as problems with `value` undefined. */
export function readYaml(file: string, text: string): Document {
  const schema = CORE_SCHEMA.withTags(mergeTag, referenceTag)
  try {
    const events = parseEvents(text, { filename: file })
    const places = locate(events, text)
    // `json` lets a repeated key pass: `locate` has reported each with both its places.
    const [value] = constructFromEvents(events, { source: text, schema, json: true, maxAliases: 1000 })
    return {
      file,
      value,
      problems: places.problems.map(({ path, message, offset }) => ({
        file,
        ...lineAndColumn(text, offset),
        path,
        message,
      })),
      at: (path, part = 'value') => lineAndColumnOf(places.offsets, path, part, text),
    }
  } catch (error) {
    return { ...fromObject(undefined, file), problems: [syntaxProblem(file, text, error)] }
  }
}

/** Takes an object as a configuration: no positions. */
export function fromObject(value: unknown, file = 'config'): Document {
  return { file, value, problems: [], at: () => undefined }
}

interface Places {
  readonly offsets: Map<string, { key: number; value: number }>
  readonly problems: { path: string; message: string; offset: number }[]
}

interface Frame {
  readonly path: Path
  readonly keys: Set<string> | undefined
  index: number
  key: string | undefined
  keyOffset: number
}

/** Walks the event stream beside the values that are constructed from it. */
function locate(events: readonly Event[], text: string): Places {
  const places: Places = { offsets: new Map(), problems: [] }
  const frames: Frame[] = []
  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT) continue
    if (event.type === EVENT_ID.POP) {
      frames.pop()
      continue
    }
    const frame = frames.at(-1)
    const offset = offsetOf(event)
    if (frame === undefined && places.offsets.size > 0) {
      places.problems.push({ path: '', message: 'holds more than one YAML document; keep one', offset })
      return places
    }
    if (frame?.keys !== undefined && frame.key === undefined) {
      takeKey(frame, event.type === EVENT_ID.SCALAR ? getScalarValue(text, event) : '', offset, text, places)
      continue
    }
    const path = frame === undefined ? [] : [...frame.path, frame.key ?? frame.index++]
    places.offsets.set(keyOf(path), {
      key: frame?.key === undefined ? offset : frame.keyOffset,
      value: offset,
    })
    if (frame !== undefined) frame.key = undefined
    if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE) {
      const keys = event.type === EVENT_ID.MAPPING ? new Set<string>() : undefined
      frames.push({ path, keys, index: 0, key: undefined, keyOffset: 0 })
    }
  }
  return places
}

function takeKey(frame: Frame, key: string, offset: number, text: string, places: Places): void {
  if (frame.keys!.has(key)) {
    const first = lineAndColumn(text, places.offsets.get(keyOf([...frame.path, key]))!.key)
    const path = [...frame.path, key].join('.')
    places.problems.push({ path, message: `stands here twice; the first is in line ${first.line}`, offset })
  }
  frame.keys!.add(key)
  frame.key = key
  frame.keyOffset = offset
}

function offsetOf(event: Exclude<Event, { type: typeof EVENT_ID.DOCUMENT | typeof EVENT_ID.POP }>): number {
  if (event.type === EVENT_ID.SCALAR) return event.valueStart - (isQuoted(event.style) ? 1 : 0)
  return event.type === EVENT_ID.ALIAS ? event.anchorStart : event.start
}

function isQuoted(style: ScalarStyle): boolean {
  return style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED
}

function lineAndColumnOf(offsets: Places['offsets'], path: Path, part: 'key' | 'value', text: string) {
  for (let length = path.length; length >= 0; length--) {
    const found = offsets.get(keyOf(path.slice(0, length)))
    // A parent stands in for a child that is not there: its key is what a person looks for.
    if (found !== undefined) return lineAndColumn(text, length === path.length ? found[part] : found.key)
  }
  return { line: 1, column: 1 }
}

function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, Math.max(0, offset))
  const lineStart = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: before.length - lineStart + 1 }
}

function syntaxProblem(file: string, text: string, error: unknown): Problem {
  const { reason, mark } = error as { reason?: string; mark?: { position: number } }
  const message = reason ?? (error instanceof Error ? error.message : String(error))
  // A password without quotes can read as a tag or an alias: what YAML makes of it is not shown.
  const shown = message.replace(/(: | ?"| ?!<).*$/s, '')
  const at = mark?.position ?? 0
  const isReference = message.includes('flow collection') && text.slice(at - 1, at + 1) === '${'
  const hint = isReference
    ? '; quote ${…} inside { }'
    : (HINTS.find(([word]) => message.includes(word))?.[1] ?? '')
  return {
    file,
    ...lineAndColumn(text, at),
    path: '',
    message: `is not valid YAML: ${shown}${hint}`,
  }
}

const HINTS: readonly (readonly [word: string, hint: string])[] = [
  ['tab character', '; indent with spaces'],
  ['alias', '; a text that begins with * needs quotes'],
  ['tag', '; a text that begins with ! needs quotes'],
]

// JSON keeps apart what a joined string would not: keys may hold dots.
function keyOf(path: Path): string {
  return JSON.stringify(path.map(String))
}
