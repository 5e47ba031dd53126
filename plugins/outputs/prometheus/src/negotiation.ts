import { OPENMETRICS, TEXT } from './format.ts'
import type { Format } from './format.ts'

/** The format that an `Accept` header asks for; text when it asks for neither or for both alike. Never refuses. */
export function chooseFormat(accept: string | null): Format {
  const ranges = parse(accept ?? '')
  const text = preference(ranges, 'text/plain', '0.0.4')
  const openMetrics = preference(ranges, 'application/openmetrics-text', '1.0.0')
  const byQuality = openMetrics.quality - text.quality
  const prefersOpenMetrics = byQuality > 0 || (byQuality === 0 && openMetrics.specificity > text.specificity)
  return prefersOpenMetrics && openMetrics.quality > 0 ? OPENMETRICS : TEXT
}

/** Whether an `Accept-Encoding` header allows gzip and does not like an unencoded answer better. */
export function acceptsGzip(acceptEncoding: string | null): boolean {
  const codings = new Map(parse(acceptEncoding ?? '').map(({ name, quality }) => [name, quality]))
  const gzip = codings.get('gzip') ?? codings.get('x-gzip') ?? codings.get('*') ?? 0
  return gzip > 0 && gzip >= (codings.get('identity') ?? 0)
}

interface Choice {
  /** In lower case: a media range or a content coding. */
  readonly name: string
  readonly parameters: ReadonlyMap<string, string>
  readonly quality: number
}

interface Preference {
  readonly quality: number
  readonly specificity: number
}

function parse(header: string): Choice[] {
  return header.split(',').map((element) => {
    const [name = '', ...rest] = element.split(';').map((part) => part.trim().toLowerCase())
    const parameters = new Map(rest.map((parameter) => keyAndValue(parameter)))
    const quality = Number(parameters.get('q') ?? 1)
    return { name, parameters, quality: quality >= 0 && quality <= 1 ? quality : 0 }
  })
}

function keyAndValue(parameter: string): [string, string] {
  const [key = '', value = ''] = parameter.split('=').map((part) => part.trim())
  return [key, value.replace(/^"(.*)"$/, '$1')]
}

/** The most specific range that covers a type decides, wherever it stands in the header. */
function preference(ranges: readonly Choice[], type: string, version: string): Preference {
  let best: Preference = { quality: 0, specificity: 0 }
  for (const range of ranges) {
    const specificity = specificityFor(range, type, version)
    if (specificity > best.specificity) best = { quality: range.quality, specificity }
  }
  return best
}

function specificityFor({ name, parameters }: Choice, type: string, version: string): number {
  if (name === type) {
    const asked = parameters.get('version')
    return asked === undefined ? 3 : asked === version ? 4 : 0
  }
  if (name === `${type.split('/')[0]}/*`) return 2
  return name === '*/*' ? 1 : 0
}
