/** JSON as a strict server sees it: numbers keep their text, repeated fields are not lost, places are known. */
export type JsonNode = { readonly at: number } & (
  | { readonly kind: 'object'; readonly fields: readonly JsonField[] }
  | { readonly kind: 'array'; readonly items: readonly JsonNode[] }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
)

export interface JsonField {
  readonly name: string
  readonly value: JsonNode
}

/** Where and why a text is not the JSON that was expected. */
export class JsonError extends Error {
  readonly at: number

  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

/** The values of a text that holds several after each other, one as a rule. Throws JsonError. */
export function parseJson(
  bytes: Buffer,
  { duplicates = 'refuse' }: { readonly duplicates?: 'refuse' | 'keep' } = {},
): { text: string; nodes: JsonNode[] } {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new JsonError(0, 'Invalid UTF-8 start byte')
  }
  const parser = new Parser(text, duplicates)
  const nodes: JsonNode[] = []
  while (!parser.atEnd()) nodes.push(parser.value(0))
  return { text, nodes }
}

/** `[line:column]`, both from 1. */
export function place(text: string, at: number): string {
  const before = text.slice(0, at)
  return `[${before.split('\n').length}:${at - before.lastIndexOf('\n')}]`
}

/** The plain JavaScript value; integers beyond 2^53 come out as bigint. */
export function plain(node: JsonNode): unknown {
  switch (node.kind) {
    case 'object':
      return Object.fromEntries(node.fields.map(({ name, value }) => [name, plain(value)]))
    case 'array':
      return node.items.map(plain)
    case 'number': {
      const value = Number(node.text)
      return /^-?\d+$/.test(node.text) && !Number.isSafeInteger(value) ? BigInt(node.text) : value
    }
    case 'null':
      return null
    default:
      return node.value
  }
}

/** JSON text of a plain value; bigint comes out as the number that it is. */
export function print(value: unknown): string {
  if (typeof value === 'bigint') return String(value)
  if (Array.isArray(value)) return `[${value.map(print).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const fields = Object.entries(value).filter(([, inner]) => inner !== undefined)
  return `{${fields.map(([name, inner]) => `${JSON.stringify(name)}:${print(inner)}`).join(',')}}`
}

const MAX_NESTING = 1000
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

class Parser {
  #at = 0
  readonly #text: string
  readonly #duplicates: 'refuse' | 'keep'

  constructor(text: string, duplicates: 'refuse' | 'keep') {
    this.#text = text
    this.#duplicates = duplicates
  }

  atEnd(): boolean {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? '')) this.#at += 1
    return this.#at >= this.#text.length
  }

  value(depth: number): JsonNode {
    if (this.atEnd()) throw this.#unexpected()
    if (depth > MAX_NESTING)
      throw new JsonError(
        this.#at,
        `Document nesting depth (${depth}) exceeds the maximum allowed (${MAX_NESTING}, from \`StreamReadConstraints.getMaxNestingDepth()\`)`,
      )
    const at = this.#at
    const first = this.#text[at] as string
    if (first === '{') return { kind: 'object', at, fields: this.#fields(depth) }
    if (first === '[') return { kind: 'array', at, items: this.#items(depth) }
    if (first === '"') return { kind: 'string', at, value: this.#string() }
    if (first === '-' || (first >= '0' && first <= '9')) return { kind: 'number', at, text: this.#number() }
    for (const [word, node] of [
      ['true', { kind: 'boolean', at, value: true }],
      ['false', { kind: 'boolean', at, value: false }],
      ['null', { kind: 'null', at }],
    ] as const) {
      if (!this.#text.startsWith(word, at)) continue
      this.#at += word.length
      return node
    }
    throw this.#unexpected()
  }

  #fields(depth: number): JsonField[] {
    const fields: JsonField[] = []
    const seen = new Set<string>()
    this.#at += 1
    if (this.#next('}')) return fields
    do {
      if (this.atEnd() || this.#text[this.#at] !== '"')
        throw this.#unexpected('was expecting double-quote to start field name')
      const at = this.#at
      const name = this.#string()
      if (this.#duplicates === 'refuse' && seen.has(name))
        throw new JsonError(at, `Duplicate field '${name}'`)
      seen.add(name)
      if (!this.#next(':')) throw this.#unexpected('was expecting a colon to separate field name and value')
      fields.push({ name, value: this.value(depth + 1) })
    } while (this.#next(','))
    if (!this.#next('}')) throw this.#unexpected('was expecting comma to separate Object entries')
    return fields
  }

  #items(depth: number): JsonNode[] {
    const items: JsonNode[] = []
    this.#at += 1
    if (this.#next(']')) return items
    do items.push(this.value(depth + 1))
    while (this.#next(','))
    if (!this.#next(']')) throw this.#unexpected('was expecting comma to separate Array entries')
    return items
  }

  #string(): string {
    let value = ''
    this.#at += 1
    for (;;) {
      const from = this.#at
      while (isPlain(this.#text, this.#at)) this.#at += 1
      value += this.#text.slice(from, this.#at)
      const next = this.#text[this.#at]
      if (next === '"') break
      if (next === undefined) throw new JsonError(this.#at, 'Unexpected end-of-input in VALUE_STRING')
      if (next !== '\\')
        throw new JsonError(
          this.#at,
          `Illegal unquoted character ((CTRL-CHAR, code ${next.charCodeAt(0)})): has to be escaped using backslash to be included in string value`,
        )
      value += this.#escape()
    }
    this.#at += 1
    return value
  }

  #escape(): string {
    const letter = this.#text[this.#at + 1] ?? ''
    const hex = this.#text.slice(this.#at + 2, this.#at + 6)
    if (letter === 'u' && /^[\da-fA-F]{4}$/.test(hex)) {
      this.#at += 6
      return String.fromCharCode(Number.parseInt(hex, 16))
    }
    const meant = ESCAPES[letter]
    if (meant === undefined) throw new JsonError(this.#at, `Unrecognized character escape '${letter}'`)
    this.#at += 2
    return meant
  }

  #number(): string {
    NUMBER.lastIndex = this.#at
    const [text] = NUMBER.exec(this.#text) ?? []
    if (text === undefined) throw this.#unexpected('in numeric value')
    this.#at += text.length
    if (/[\w.+]/.test(this.#text[this.#at] ?? '')) throw this.#unexpected('in numeric value')
    return text
  }

  #next(character: string): boolean {
    if (this.atEnd() || this.#text[this.#at] !== character) return false
    this.#at += 1
    return true
  }

  #unexpected(
    expected = "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
  ): JsonError {
    const found = this.#text[this.#at]
    return found === undefined
      ? new JsonError(this.#at, 'Unexpected end-of-input')
      : new JsonError(
          this.#at,
          `Unexpected character ('${found}' (code ${found.charCodeAt(0)})): ${expected}`,
        )
  }
}

/** Whether a string goes on here without an escape. */
function isPlain(text: string, at: number): boolean {
  return at < text.length && text.charCodeAt(at) >= 0x20 && text[at] !== '"' && text[at] !== '\\'
}
