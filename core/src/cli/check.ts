import { loadConfiguration } from '../config/load.ts'
import { orExit } from './exit.ts'

/** `smart-gateway check`: prints every mistake and exits with 78, or says what the configuration would run. */
export function check(file: string): void {
  const { transports, filters, inputs, outputs } = orExit(() => loadConfiguration({ file }))
  const names = (instances: readonly { readonly name: string }[]): string =>
    instances.map(({ name }) => name).join(', ') || 'none'
  process.stdout.write(
    `${file} is good: transports ${names(transports)}; ${filters.length > 0 ? `filters ${names(filters)}; ` : ''}inputs ${names(inputs)}; outputs ${names(outputs)}\n`,
  )
}
