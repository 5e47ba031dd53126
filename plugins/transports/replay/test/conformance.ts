import { appendFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A recording that is still being written. */
export default {
  subscription: { file: join(import.meta.dirname, '../samples/collectd.jsonl'), speed: 0 },
  async setup({ folder }: { readonly folder: string }) {
    const file = join(folder, 'recording')
    await writeFile(file, '')
    let isWhole = true
    return {
      options: {},
      subscription: { file, format: 'body', speed: 0, follow: true },
      async produce(texts: readonly string[]) {
        const lines = texts.map((text) => `${text}\n`).join('')
        await appendFile(file, isWhole ? lines : lines.slice(0, lines.length / 2))
      },
      faults: {
        down: () => rm(file, { force: true }),
        hang: () => void (isWhole = false),
        async heal() {
          await appendFile(file, isWhole ? '' : '\n')
          isWhole = true
        },
      },
      close: () => undefined,
    }
  },
}
