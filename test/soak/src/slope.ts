/** A straight line through points, by least squares. */
export interface Slope {
  readonly perStep: number
  /** The standard error of the slope. */
  readonly error: number
}

export function slopeOf(points: readonly (readonly [number, number])[]): Slope {
  const n = points.length
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / n
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))]
  const sum = (of: (x: number, y: number) => number): number =>
    points.reduce((total, [x, y]) => total + of(x - meanX, y - meanY), 0)
  const squares = sum((x) => x * x)
  const perStep = sum((x, y) => x * y) / squares
  const rest = sum((x, y) => (y - perStep * x) ** 2)
  return { perStep, error: Math.sqrt(rest / (n - 2) / squares) }
}
