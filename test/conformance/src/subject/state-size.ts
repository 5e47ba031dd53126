/** How much there is in a state: two with the same records have the same, whatever their clocks say. */
export function sizeOf(state: unknown): number {
  if (typeof state === 'string') return 1 + state.length
  if (typeof state !== 'object' || state === null) return 1
  if (ArrayBuffer.isView(state)) return 1 + state.byteLength
  const entries =
    state instanceof Map
      ? [...state].flat()
      : state instanceof Set
        ? [...state]
        : Object.entries(state).flat()
  return entries.reduce((size: number, entry: unknown) => size + sizeOf(entry), 1)
}
