import type { FilterDefinition, FilterSession } from '@smart-gateway/sdk'
import type { FilterSpec } from '../config/configuration.ts'
import type { Host } from '../host/host.ts'
import { Sieve } from '../pipeline/sieve.ts'
import { Instance } from './instance.ts'
import type { Status } from './states.ts'

/** A filter with what belongs to its name: the inputs and outputs that name it see its generations come and go behind one sieve. */
export class Filter {
  readonly sieve: Sieve
  readonly instance: Instance<FilterDefinition, FilterSession>
  #spec: FilterSpec

  constructor(spec: FilterSpec, host: Host, changed: () => void) {
    this.#spec = spec
    this.sieve = new Sieve(spec.name)
    const put = (session: FilterSession | undefined): void => {
      this.sieve.put(session)
      changed()
    }
    this.instance = new Instance('filter', spec, host, {
      extra: () => ({}),
      imported() {},
      attach: ({ session }) => put(session),
      detach: async () => put(undefined),
    })
  }

  get spec(): FilterSpec {
    return this.#spec
  }

  get status(): Status {
    return this.instance.status
  }

  /** Takes what startup.yaml says of it now. */
  update(spec: FilterSpec): void {
    this.#spec = spec
  }
}
