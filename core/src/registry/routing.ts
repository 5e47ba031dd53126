import type { Signal } from '@smart-gateway/sdk'
import type { Edge, Route } from '../pipeline/route.ts'
import type { Input } from './input.ts'
import type { Output } from './output.ts'

/**
 * Where the records of an input go. Undefined while a required output has not said what it accepts, or has a filter that is not open:
 * nothing may be settled without it. At a start optional ones are waited for, too, for a moment.
 */
export function routeOf({ spec: { name } }: Input, outputs: readonly Output[]): Route | undefined {
  const fed = outputs.filter(({ spec }) => spec.from?.includes(name) ?? true)
  const holds = ({ signals, screen }: Output): boolean =>
    signals === undefined || screen.filters?.closed !== undefined
  if (fed.some((output) => output.isAwaited || (output.spec.required && holds(output)))) return undefined
  const edges = (signal: Signal): readonly Edge[] =>
    fed
      .filter(({ signals }) => signals?.includes(signal))
      .map(({ spec, entrance }) => ({ output: spec.name, queue: entrance, required: spec.required }))
  return { metric: edges('metric'), event: edges('event'), log: edges('log') }
}

/** The signals of an input that no output takes. */
export function unroutedOf(input: Input, outputs: readonly Output[]): readonly Signal[] {
  const route = routeOf(input, outputs)
  return (input.instance.live?.definition.signals ?? []).filter((signal) => route?.[signal].length === 0)
}
