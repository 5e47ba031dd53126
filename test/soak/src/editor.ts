import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { GatewayProcess } from '../../e2e/src/gateway-process.ts'
import { TOKEN } from './swapper.ts'

/** Somebody with an editor before a gateway's startup.yaml. */
export interface Editor {
  /** Puts another text in the place of the one that the gateway was started with; in one go or in place. */
  write(text: string, how: 'renamed' | 'in place'): void
  /** Asks for the file to be read anew; resolves when that is over. */
  reload(atomic: boolean): Promise<void>
}

export function openEditor({ folder, adminUrl }: GatewayProcess, text: string): Editor {
  const file = join(folder, 'startup.yaml')
  // The lines of `gateway` stay as they are.
  const head = readFileSync(file, 'utf8').slice(0, -text.length)
  return {
    write(next, how) {
      writeFileSync(how === 'renamed' ? `${file}.new` : file, head + next)
      if (how === 'renamed') renameSync(`${file}.new`, file)
    },
    async reload(atomic) {
      const answer = await fetch(`${adminUrl}/api/v1/reload?wait=true`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
        body: JSON.stringify({ atomic }),
      })
      if (answer.status !== 200)
        throw new Error(`the reload answers ${answer.status}: ${await answer.text()}`)
    },
  }
}
