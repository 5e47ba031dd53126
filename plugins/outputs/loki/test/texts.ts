/** Random texts of what breaks encoders; the same ones in every run. */
export function* texts(count: number): Generator<string> {
  let seed = 20_261_120
  const below = (limit: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((seed / 2_147_483_648) * limit)
  }
  for (let i = 0; i < count; i += 1) {
    let text = ''
    for (let length = below(12); length > 0; length -= 1) text += PIECES[below(PIECES.length)]!
    yield text
  }
}

const PIECES = [
  ['"', '\\', '\n', '\r', '\t', '\0', '\u001F', '\u007F', '\u2028', '\uFEFF', '\uFFFF'],
  ['é', '€', '😀', '\uD800', '\uDC00', '\uD83D'],
  ['abc', ' ', '{}', '="', '`', "'", '#', '\\u', '\\x41', '</script>', '%', '${a}'],
].flat()
