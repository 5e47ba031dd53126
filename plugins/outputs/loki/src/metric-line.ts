import type { Series } from '@smart-gateway/sdk'
import { safeName } from './text.ts'

/** A sample as a line of logfmt without its value: `name=cpu_percent host=a value=`. */
export function metricHead({ name, labels }: Series): string {
  const pairs = Object.entries(labels).map(([label, value]) => ` ${keyOf(label)}=${quoted(value)}`)
  return `name=${quoted(name)}${pairs.join('')} value=`
}

/** A sample's value as Loki's `unwrap` reads it. */
export function metricValue(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value)
  return value > 0 ? '+Inf' : '-Inf'
}

function keyOf(label: string): string {
  const key = safeName(label)
  return key === 'name' || key === 'value' ? `${key}_2` : key
}

// Logfmt's quotes are JSON's.
function quoted(text: string): string {
  const wellFormed = text.toWellFormed()
  return /^[^\s"=\\\p{C}]+$/u.test(wellFormed) ? wellFormed : JSON.stringify(wellFormed)
}
