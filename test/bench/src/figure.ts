/** One line of the table. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** What the figure shall reach, and whether more or less is better. */
  readonly target?: { readonly atLeast: number } | { readonly atMost: number }
  /** What stands behind it: medians, ranges, loss. */
  readonly detail: string
}

export function met({ value, target }: Figure): boolean | undefined {
  if (target === undefined) return undefined
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** `median (min-max)` with a unit. */
export function spread(values: readonly number[], digits = 0): string {
  const show = (value: number): string => value.toFixed(digits)
  return `${show(median(values))} (${show(Math.min(...values))}-${show(Math.max(...values))})`
}
