const HEAD = /^# (?:HELP|TYPE) [a-zA-Z_:][\w:]* ./
const SAMPLE =
  /^([a-zA-Z_:][\w:]*(?:\{(?:[a-zA-Z_]\w*="(?:[^"\\]|\\["\\n])*",?)*\})?) (NaN|[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/

/**
 * The samples of a page in Prometheus' text format by what stands before their value. Throws when the page is not to be had, and
 * on a line that Prometheus would stumble over.
 */
export async function readPage(url: string): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(url)
  const text = await response.text()
  if (response.status !== 200) throw new Error(`${url} answers ${response.status}: ${text}`)
  const samples = new Map<string, number>()
  for (const line of text.split('\n').slice(0, -1)) {
    if (HEAD.test(line)) continue
    const [, series, value] = SAMPLE.exec(line) ?? []
    if (series === undefined) throw new Error(`${url} has a line that is no sample: ${line}`)
    if (samples.has(series)) throw new Error(`${url} has ${series} twice`)
    samples.set(series, Number(value))
  }
  return samples
}
