/** The columns of a stored metric batch: values, times and series ids as doubles, one after the other. */
export interface MetricColumns {
  readonly values: Float64Array<ArrayBuffer>
  readonly times: Float64Array<ArrayBuffer>
  readonly ids: Float64Array<ArrayBuffer>
}

/** The columns of a new body for so many samples. */
export function newMetricBody(samples: number): MetricColumns {
  return columnsAt(new ArrayBuffer(samples * SAMPLE_BYTES), samples)
}

/** The columns of a stored body, as views; undefined when it has not so many samples. */
export function metricColumns(body: Uint8Array<ArrayBuffer>, samples: number): MetricColumns | undefined {
  if (body.byteLength !== samples * SAMPLE_BYTES) return undefined
  const aligned = body.byteOffset === 0 ? body : body.slice()
  return columnsAt(aligned.buffer, samples)
}

const SAMPLE_BYTES = 3 * Float64Array.BYTES_PER_ELEMENT

function columnsAt(buffer: ArrayBuffer, samples: number): MetricColumns {
  const columnBytes = samples * Float64Array.BYTES_PER_ELEMENT
  return {
    values: new Float64Array(buffer, 0, samples),
    times: new Float64Array(buffer, columnBytes, samples),
    ids: new Float64Array(buffer, 2 * columnBytes, samples),
  }
}
