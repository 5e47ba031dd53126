import type { RawSections } from '../config/reading.ts'
import type { OpenStep } from './change.ts'

const SECTIONS = { transport: 'transports', input: 'inputs', filter: 'filters', output: 'outputs' } as const

/**
 * The configuration that runs after a change, as a person would have to write it: that of the change, but for the instances that were
 * not changed as it wanted.
 */
export function goodRaw(before: RawSections, wanted: RawSections, steps: readonly OpenStep[]): RawSections {
  const good: Record<string, unknown> = { ...wanted }
  for (const { step, result } of steps) {
    if (result === 'done') continue
    const section = SECTIONS[step.kind]
    const instances = { ...(good[section] as Readonly<Record<string, unknown>> | undefined) }
    const old = (before as Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>)[
      section
    ]?.[step.name]
    if (old === undefined) delete instances[step.name]
    else instances[step.name] = old
    good[section] = instances
  }
  return good as RawSections
}
