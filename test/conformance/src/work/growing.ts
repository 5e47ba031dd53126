/** A message that can be made as long as one likes. */
export interface Growing {
  readonly what: string
  /** Lengths to try, in bytes, from short to long: where a decoder is slow it shows at one of them. */
  readonly lengths: readonly number[]
  ofLength(length: number): string
}

/** The shortest is for what takes twice as long with every character. */
const OF_TEXT = [24, 256, 1024, 4096, 16_384, 65_536]
const OF_RECORDS = [16_384, 65_536, 262_144, 1_048_576]

/** Messages in which something is repeated, made of an example: where regular expressions go back and forth, and lists are searched. */
export function* growing(example: string): Generator<Growing> {
  for (const unit of UNITS)
    for (const end of ['!', ''])
      yield {
        what: `${JSON.stringify(unit)} again and again${end === '' ? '' : ` and ${JSON.stringify(end)}`}`,
        lengths: OF_TEXT,
        ofLength: (length) => `${run(unit, length)}${end}`,
      }
  for (const [open, between, close] of JOINTS)
    yield {
      what: `the example again and again, ${JSON.stringify(between)} between`,
      lengths: OF_RECORDS,
      ofLength: (length) => `${open}${run(`${example}${between}`, length).slice(0, -1)}${close}`,
    }
  const list = /^\s*\[([^]*)\]\s*$/.exec(example)?.[1]
  if (list !== undefined)
    yield {
      what: 'the elements of the example again and again',
      lengths: OF_RECORDS,
      ofLength: (length) => `[${run(`${list},`, length).slice(0, -1)}]`,
    }
  for (const { word, before, after } of words(example))
    for (const unit of UNITS_OF_TEXT)
      yield {
        what: `the example with ${JSON.stringify(unit)} again and again in the place of ${JSON.stringify(word)}`,
        lengths: OF_TEXT,
        ofLength: (length) => `${before}${run(unit, length)}!${after}`,
      }
}

const UNITS = 'a 0 . , : ; = - / < ( " \\ { a, a. a= 0. <a "a"'
  .split(' ')
  .concat(' ', '\n', '\t', 'a ', 'a\n')
/** They leave a JSON text one. */
const UNITS_OF_TEXT = ['a', '0', ' ', 'a ', 'a.']
const JOINTS = [
  ['', '\n', ''],
  ['[', ',', ']'],
] as const
const MOST_WORDS = 24

function run(unit: string, length: number): string {
  return unit.repeat(Math.ceil(length / unit.length))
}

/** Some of the words of a text, from its beginning to its end. */
function words(text: string) {
  const all = [...text.matchAll(/[\w.:+-]{2,}/g)]
  const step = Math.max(1, Math.ceil(all.length / MOST_WORDS))
  return all
    .filter((_, i) => i % step === 0)
    .map(({ 0: word, index }) => ({
      word,
      before: text.slice(0, index),
      after: text.slice(index + word.length),
    }))
}
