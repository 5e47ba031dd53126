import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'

/** A file, which something else can lie in the place of. */
export default {
  async setup({ folder }: { readonly folder: string }) {
    const path = join(folder, 'out.ndjson')
    const aside = `${path}.aside`
    return {
      options: { path },
      received: () => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []),
      ordered: true,
      knowsIds: false,
      faults: {
        down() {
          renameSync(path, aside)
          mkdirSync(path)
        },
        heal() {
          if (!existsSync(aside)) return
          rmdirSync(path)
          renameSync(aside, path)
        },
      },
      close() {},
    }
  },
}
