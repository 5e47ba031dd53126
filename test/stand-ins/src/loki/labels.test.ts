import { expect, test } from 'vitest'
import { formatLabels, parseLabels } from './labels.ts'

test.each([
  ['{}', {}],
  ['{a="b"}', { a: 'b' }],
  ['{ b = "2" , a = "1", }', { a: '1', b: '2' }],
  ["{a='it\\'s'}", { a: "it's" }],
  ['{a=`raw \\n "x"`}', { a: String.raw`raw \n "x"` }],
  [String.raw`{a="\"\\\n\t\x41\u00e4\U0001F600\101"}`, { a: '"\\\n\tAä😀A' }],
  ['{a="}",b=","}', { a: '}', b: ',' }],
  ['{a="b" # comment\n}', { a: 'b' }],
  ['{_a9="b"}', { _a9: 'b' }],
  ['up{a="b"}', { __name__: 'up', a: 'b' }],
  ['{empty="",a="b"}', { a: 'b' }],
])('%s is read', (text, labels) => {
  expect(Object.fromEntries(parseLabels(text).map(({ name, value }) => [name, value]))).toEqual(labels)
})

test.each([
  ['', '1:1: parse error: unexpected end of input'],
  ['{', '1:2: parse error: unexpected end of input inside braces'],
  ['{a="b"', '1:7: parse error: unexpected end of input inside braces'],
  ['{bad-label="x"}', "1:5: parse error: unexpected character inside braces: '-'"],
  ['{9a="x"}', "1:2: parse error: unexpected character inside braces: '9'"],
  ['{a.b="x"}', "1:3: parse error: unexpected character inside braces: '.'"],
  ['{ä="x"}', "1:2: parse error: unexpected character inside braces: 'ä'"],
  ['{ab"', '1:4: parse error: unterminated quoted string'],
  ['{a="x\n"}', '1:4: parse error: unterminated quoted string'],
  ['{a=`x}', '1:4: parse error: unterminated raw string'],
  ['{a}', '1:3: parse error: unexpected "}" in label set, expected "="'],
  ['{a=}', '1:4: parse error: unexpected "}" in label set, expected string'],
  ['{a=b}', '1:4: parse error: unexpected identifier "b" in label set, expected string'],
  ['{a!="b"}', '1:3: parse error: unexpected "!=" in label set, expected "="'],
  ['{a="b" c="d"}', '1:8: parse error: unexpected identifier "c" in label set, expected "," or "}"'],
  ['{,}', '1:2: parse error: unexpected "," in label set, expected identifier or "}"'],
  [String.raw`{a="\q"}`, "1:4: parse error: unknown escape sequence U+0071 'q'"],
  [String.raw`{a="\'"}`, `1:4: parse error: unknown escape sequence U+0027 '''`],
  ['{a="b"}x', '1:8: parse error: unexpected identifier "x"'],
  ['a="b"', '1:2: parse error: unexpected "="'],
])('%j is refused with its place', (text, message) => {
  expect(() => parseLabels(text)).toThrow(message)
})

test('labels are written sorted, with escapes', () => {
  expect(formatLabels(parseLabels('{b="\\"\\n\\\\", a="\\u0001ä"}'))).toBe(
    String.raw`{a="\x01ä", b="\"\n\\"}`,
  )
})
