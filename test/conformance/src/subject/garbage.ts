import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Frees what nobody can reach; a second time what only waited for the first. */
export function collectGarbage(): void {
  collect()
  collect()
}
