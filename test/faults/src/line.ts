const MARK = /line-(\d+);/g

/** A log line that carries a ledger's id, as rsyslog's template makes it. */
export function lineOf(id: number, timeMs: number, bytes: number): Buffer {
  const message = `line-${id};`.padEnd(bytes, '.')
  const time = new Date(timeMs).toISOString()
  const line = { '@timestamp': time, host: 'generator', severity: '6', facility: 'daemon', message }
  return Buffer.from(JSON.stringify(line))
}

/** The ids in a text, in their order. */
export function idsIn(text: string): number[] {
  return Array.from(text.matchAll(MARK), ([, id]) => Number(id))
}
