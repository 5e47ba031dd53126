/** A law that no type can hold: every public member of the SDK says in a sentence what it is. */
import { expect, test } from 'vitest'
import { readJson, readText } from './workspace.ts'

const FOLDER = 'sdk/src'

test('every public declaration and member of the SDK has its sentence', () => {
  expect(publicFiles().flatMap((file) => undocumented(file, readText(`${FOLDER}/${file}`)))).toEqual([])
})

test('the files looked at are the entries, and those that they export from', () => {
  expect(publicFiles()).toEqual(
    expect.arrayContaining([
      'define.ts',
      'context.ts',
      'record.ts',
      'testing.ts',
      'json.ts',
      'encode/json.ts',
    ]),
  )
})

test('what has no sentence is found', () => {
  const text = [
    'export type Bare = string',
    '/** Has one. */',
    'export interface Wide<',
    '  A,',
    '> extends Narrow {',
    '  readonly bare: string',
    '  /** Has one. */',
    '  readonly said: {',
    '    inner: string',
    '  }',
    '  // Not one that an editor shows.',
    '  bareVerb?(): void',
    '  /** Shared by both. */',
    '  twice(a: string): void',
    '  twice(a: number): void',
    '  /**',
    '   * Has one.',
    '   */',
    '  verb(',
    '    a: string,',
    '  ): void',
    '  readonly [key: string]: unknown',
    '  /** */',
    '  empty: string',
    '}',
    'export function bareFunction(): void {',
    '  call(',
    '  )',
    '}',
    'export const bareConst = 1',
    'function internal(): void {}',
  ].join('\n')
  expect(undocumented('x.ts', text).map((line) => line.split(' ')[0])).toEqual(
    [1, 6, 12, 22, 24, 26, 30].map((line) => `x.ts:${line}`),
  )
})

/** The files whose exports a plugin's author can import. */
function publicFiles(): readonly string[] {
  const exports = Object.values(readJson('sdk/package.json')['exports'] as Record<string, object | string>)
  const entries = exports.flatMap((target) =>
    typeof target === 'string' ? [] : Object.values(target)[0]!.replace(/^\.\/src\//, ''),
  ) as string[]
  const exporting = entries.flatMap((entry) => [
    ...readText(`${FOLDER}/${entry}`).matchAll(/^(?:export .*|\}) from '\.\/(.+)'$/gm),
  ])
  return [...new Set([...entries, ...exporting.map(([, file]) => file!)])].filter(
    (file) => file !== 'index.ts',
  )
}

const DECLARATION = /^export (?:interface|type|(?:async )?function|const) (\w+)/
const INTERFACE = /^(?:export )?interface \w/
const MEMBER = /^ {2}(?:readonly )?(\w+|\[)/

/** The declarations, and the members of interfaces, without a doc comment, as `file:line name`. */
function undocumented(file: string, text: string): readonly string[] {
  const lines = text.split('\n')
  const found: string[] = []
  let place: 'outside' | 'head' | 'body' = 'outside'
  let before: string | undefined
  for (const [i, line] of lines.entries()) {
    const name = (place === 'body' ? MEMBER : DECLARATION).exec(line)?.[1]
    // Overloads share the sentence of the first.
    if (name !== undefined && name !== before && !hasSentence(lines, i))
      found.push(`${file}:${i + 1} ${name}`)
    before = name
    if (INTERFACE.test(line)) place = 'head'
    if (place === 'head' && line.endsWith('{')) place = 'body'
    if (line === '}' || (place === 'head' && line.endsWith('}'))) place = 'outside'
  }
  return found
}

function hasSentence(lines: readonly string[], at: number): boolean {
  if (lines[at - 1]?.endsWith('*/') !== true) return false
  const start = lines.slice(0, at).findLastIndex((line) => line.trimStart().startsWith('/*'))
  return /^\s*\/\*\*[\s*]*\w[^]*\.\s*\*\/$/.test(lines.slice(start, at).join('\n').replaceAll('`', ''))
}
