import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'

// What the conformance suite cannot know: how a store of yours is started, what is in it, how it is broken. It takes as much of that as
// there is. Here the store is a file, and something else can lie in its place.
/** @type {import('@smart-gateway/conformance').Author} */
export default {
  async setup({ folder }) {
    const path = join(folder, 'records.ndjson')
    const aside = `${path}.aside`
    let broken = false
    return {
      options: { path },
      received: () => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []),
      ordered: true,
      knowsIds: false,
      faults: {
        down() {
          if (existsSync(path)) renameSync(path, aside)
          mkdirSync(path)
          broken = true
        },
        heal() {
          if (broken) rmdirSync(path)
          if (existsSync(aside)) renameSync(aside, path)
          broken = false
        },
      },
      close() {},
    }
  },
}
