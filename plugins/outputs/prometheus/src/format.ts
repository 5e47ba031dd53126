import { helpText } from './grammar.ts'
import type { Family } from './state.ts'

/** One of the two ways to write a page. */
export interface Format {
  readonly contentType: string
  /** The lines before a family's samples. */
  head(family: Family): string
  /** A sample's time from milliseconds since the epoch. */
  timestamp(timeMs: number): string
  /** What ends the page. */
  readonly end: string
}

/** Prometheus' text format 0.0.4. */
export const TEXT: Format = {
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
  head(family) {
    const { name, type } = family
    return `# HELP ${name} ${helpText(description(family), false)}\n# TYPE ${name} ${type}\n`
  },
  timestamp: (timeMs) => `${Math.round(timeMs)}`,
  end: '',
}

/** OpenMetrics 1.0. */
export const OPENMETRICS: Format = {
  contentType: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  head(family) {
    const name = family.counterName ?? family.name
    const type = family.counterName !== undefined ? 'counter' : family.type === 'gauge' ? 'gauge' : 'unknown'
    return `# HELP ${name} ${helpText(description(family), true)}\n# TYPE ${name} ${type}\n`
  },
  timestamp: (timeMs) => `${timeMs / 1000}`,
  end: '# EOF\n',
}

/** Most sources give no description, and linters call a family without one faulty. */
function description({ name, help }: Family): string {
  return help === '' ? name : help
}
