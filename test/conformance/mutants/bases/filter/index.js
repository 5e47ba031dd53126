/** Leaves out samples that are no number. */
export default {
  api: 1,
  kind: 'filter',
  name: 'base',
  options: { type: 'object', additionalProperties: false, properties: {} },
  open: () => ({
    apply(batch) {
      if (batch.signal !== 'metric') return batch
      const kept = batch.series.flatMap((_, i) => (Number.isNaN(batch.values[i]) ? [] : [i]))
      if (kept.length === batch.length) return batch
      return {
        signal: 'metric',
        length: kept.length,
        series: kept.map((i) => batch.series[i]),
        values: kept.map((i) => batch.values[i]),
        times: kept.map((i) => batch.times[i]),
      }
    },
  }),
}
