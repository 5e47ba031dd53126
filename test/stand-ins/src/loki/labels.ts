/** A label of a stream; a stream's labels are sorted by name. */
export interface Label {
  readonly name: string
  readonly value: string
}

/** Why a label set cannot be read, with its place. */
export class LabelError extends Error {
  constructor(text: string, at: number, message: string) {
    const before = text.slice(0, at)
    const line = before.split('\n').length
    const column = Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1)) + 1
    super(`${line}:${column}: parse error: ${message}`)
  }
}

/**
 * Reads `{name="value", other="value"}` as Loki does, which uses Prometheus' parser for it: Go strings in double
 * quotes, single quotes or backticks, comments, a comma after the last pair. Labels with an empty value are absent. A
 * repeated name is kept twice: the validation that follows refuses it. Throws LabelError.
 */
export function parseLabels(text: string): Label[] {
  const lexer = new Lexer(text)
  const labels: Label[] = []
  const metric = lexer.next(false)
  if (metric.kind === 'identifier') {
    labels.push({ name: '__name__', value: metric.text })
    const brace = lexer.next(false)
    if (brace.kind === 'end') return labels
    if (brace.text !== '{') throw lexer.unexpected(brace, '', '')
  } else if (metric.text !== '{') throw lexer.unexpected(metric, '', '')

  let token = lexer.next(true)
  while (token.text !== '}' || token.kind === 'string') {
    if (token.kind !== 'identifier') throw lexer.unexpected(token, 'label set', 'identifier or "}"')
    const equals = lexer.next(true)
    if (equals.text !== '=' || equals.kind !== 'symbol') throw lexer.unexpected(equals, 'label set', '"="')
    const value = lexer.next(true)
    if (value.kind !== 'string') throw lexer.unexpected(value, 'label set', 'string')
    labels.push({ name: token.text, value: unquote(text, value) })
    token = lexer.next(true)
    if (token.kind === 'symbol' && token.text === ',') token = lexer.next(true)
    else if (token.kind !== 'symbol' || token.text !== '}')
      throw lexer.unexpected(token, 'label set', '"," or "}"')
  }
  const rest = lexer.next(false)
  if (rest.kind !== 'end') throw lexer.unexpected(rest, '', '')
  return labels
    .filter(({ value }) => value !== '')
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** `{a="b", c="d"}` with Go's escapes: how Loki names a stream in its answers. */
export function formatLabels(labels: readonly Label[]): string {
  return `{${labels.map(({ name, value }) => `${name}=${quote(value)}`).join(', ')}}`
}

/** Go's strconv.Quote, as far as text goes. */
export function quote(value: string): string {
  let quoted = '"'
  for (const character of value) {
    const code = character.codePointAt(0) as number
    const short = SHORT_ESCAPES[character]
    if (short !== undefined) quoted += short
    else if (code < 0x20 || code === 0x7f) quoted += String.raw`\x${code.toString(16).padStart(2, '0')}`
    else quoted += character
  }
  return `${quoted}"`
}

interface Token {
  readonly kind: 'identifier' | 'string' | 'symbol' | 'end'
  readonly text: string
  readonly at: number
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': String.raw`\"`,
  '\\': '\\\\',
  '\x07': String.raw`\a`,
  '\b': String.raw`\b`,
  '\f': String.raw`\f`,
  '\n': String.raw`\n`,
  '\r': String.raw`\r`,
  '\t': String.raw`\t`,
  '\v': String.raw`\v`,
}
const IDENTIFIER = /[a-zA-Z_:][a-zA-Z0-9_:]*/y
const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y
const SKIPPED = /(?:\s|#[^\n]*)*/y

class Lexer {
  #at = 0
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  next(insideBraces: boolean): Token {
    SKIPPED.lastIndex = this.#at
    this.#at += SKIPPED.exec(this.#text)?.[0].length ?? 0
    const at = this.#at
    const first = this.#text[at]
    if (first === undefined) {
      if (insideBraces) throw new LabelError(this.#text, at, 'unexpected end of input inside braces')
      return { kind: 'end', text: '', at }
    }
    const name = insideBraces ? LABEL_NAME : IDENTIFIER
    name.lastIndex = at
    const identifier = name.exec(this.#text)?.[0]
    if (identifier !== undefined) return this.#take('identifier', identifier)
    if (first === '"' || first === "'" || first === '`') return this.#take('string', this.#quoted(first, at))
    const operator = /^(?:=~|!~|!=|=|,|\{|\})/.exec(this.#text.slice(at, at + 2))?.[0]
    if (operator !== undefined) return this.#take('symbol', operator)
    const shown = String.fromCodePoint(this.#text.codePointAt(at) as number)
    throw new LabelError(
      this.#text,
      at,
      insideBraces ? `unexpected character inside braces: '${shown}'` : `unexpected character: '${shown}'`,
    )
  }

  unexpected(token: Token, context: string, expected: string): LabelError {
    const found = {
      identifier: `identifier "${token.text}"`,
      string: `string ${token.text}`,
      symbol: `"${token.text}"`,
      end: 'end of input',
    }
    const where = context === '' ? '' : ` in ${context}`
    const wanted = expected === '' ? '' : `, expected ${expected}`
    return new LabelError(this.#text, token.at, `unexpected ${found[token.kind]}${where}${wanted}`)
  }

  #take(kind: Token['kind'], text: string): Token {
    const at = this.#at
    this.#at += text.length
    return { kind, text, at }
  }

  #quoted(mark: string, at: number): string {
    for (let end = at + 1; end < this.#text.length; end += 1) {
      const character = this.#text[end]
      if (character === mark) return this.#text.slice(at, end + 1)
      if (mark === '`') continue
      if (character === '\n') break
      if (character === '\\') end += 1
    }
    throw new LabelError(
      this.#text,
      at,
      mark === '`' ? 'unterminated raw string' : 'unterminated quoted string',
    )
  }
}

const ESCAPE = /\\(?:([abfnrtv\\'"])|([0-7]{3})|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([\s\S]))/g
const LETTERS: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

function unquote(text: string, token: Token): string {
  const inner = token.text.slice(1, -1)
  const mark = token.text[0] as string
  if (mark === '`') return inner
  return inner.replace(ESCAPE, (whole, letter, octal, hex, short, long, unknown) => {
    // Go allows a quote to be escaped only in a string with such quotes.
    const foreignQuote = (letter === '"' || letter === "'") && letter !== mark
    if (unknown !== undefined || foreignQuote)
      throw new LabelError(
        text,
        token.at,
        `unknown escape sequence U+${hexOf(unknown ?? letter)} '${unknown ?? letter}'`,
      )
    if (letter !== undefined) return LETTERS[letter] ?? letter
    const code = octal === undefined ? Number.parseInt(hex ?? short ?? long, 16) : Number.parseInt(octal, 8)
    if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
      throw new LabelError(text, token.at, `escape sequence is an invalid Unicode code point: ${whole}`)
    return String.fromCodePoint(code)
  })
}

const hexOf = (character: string): string =>
  (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
