import type { Kind } from '@smart-gateway/sdk'
import type { RawSections } from '../config/reading.ts'
import type { OpenStep } from './change.ts'

const SECTIONS = { transport: 'transports', input: 'inputs', filter: 'filters', output: 'outputs' } as const

interface Named {
  readonly kind: Kind
  readonly name: string
}

/**
 * The configuration that runs after a change, as a person would have to write it: that of the change, but for the instances that were
 * not changed as it wanted.
 */
export function goodRaw(before: RawSections, wanted: RawSections, steps: readonly OpenStep[]): RawSections {
  return steps
    .filter(({ result }) => result !== 'done')
    .reduce((good, { step }) => withDescription(good, step, descriptionOf(before, step)), wanted)
}

/** What a configuration says of an instance; undefined where it says nothing. */
export function descriptionOf(raw: RawSections, { kind, name }: Named): unknown {
  return (raw[SECTIONS[kind]] as Readonly<Record<string, unknown>> | null | undefined)?.[name]
}

/** A configuration that says something else of one instance, or nothing. */
export function withDescription(raw: RawSections, { kind, name }: Named, description: unknown): RawSections {
  const section = SECTIONS[kind]
  const { [name]: _, ...others } = (raw[section] ?? {}) as Readonly<Record<string, unknown>>
  return { ...raw, [section]: description === undefined ? others : { ...others, [name]: description } }
}
