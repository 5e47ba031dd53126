import { defineFilter, keepRecords } from '@smart-gateway/sdk'
import type { Series } from '@smart-gateway/sdk'
import { globMatcher } from '@smart-gateway/sdk/glob'

export default defineFilter({
  name: 'my-plugin',
  options: {
    type: 'object',
    additionalProperties: false,
    properties: {
      drop: {
        type: 'array',
        items: { type: 'string', minLength: 1 },
        default: [],
        description: 'Names of metrics that are taken away: `*` stands for any characters, `?` for one.',
      },
    },
  },
  open({ options }) {
    const matchers = options.drop.map((pattern) => globMatcher(pattern))
    // Patterns cost more than a look-up; a series that is seen no more is forgotten.
    const decided = new WeakMap<Series, boolean>()
    const isKept = (series: Series): boolean => {
      let kept = decided.get(series)
      if (kept === undefined) decided.set(series, (kept = !matchers.some((matches) => matches(series.name))))
      return kept
    }
    return {
      apply: (batch) =>
        batch.signal === 'metric' ? keepRecords(batch, (i) => isKept(batch.series[i]!)) : batch,
    }
  },
})
