import { loadConfiguration } from '../config/load.ts'
import { mergedSchema } from '../config/merged-schema.ts'
import { orExit } from './exit.ts'

/** `smart-gateway schema`: prints the JSON Schema of a startup.yaml for editors. */
export function schema(file: string): void {
  const configuration = orExit(() => loadConfiguration({ file }))
  process.stdout.write(`${JSON.stringify(mergedSchema(configuration), undefined, 2)}\n`)
}
