import { readFile } from 'node:fs/promises'
import { permanent } from '@smart-gateway/sdk'
import type { Context } from '@smart-gateway/sdk'

/** The contents of PEM files, under the names that Node's tls gives them. */
export interface Pem {
  ca?: Buffer
  cert?: Buffer
  key?: Buffer
}

/** Reads the files that `options` names; `where` is the place of these options, for errors. */
export async function readPem(
  options: { readonly ca?: string; readonly cert?: string; readonly key?: string },
  where: string,
  context: Pick<Context, 'resolvePath' | 'signal'>,
): Promise<Pem> {
  const read = async (key: keyof Pem): Promise<Pem> => {
    const path = options[key]
    if (path === undefined) return {}
    const file = context.resolvePath(path)
    try {
      return { [key]: await readFile(file, { signal: context.signal }) }
    } catch (cause) {
      throw permanent(
        `"${where}.${key}" cannot be read: ${(cause as Error).message}. Correct the path or the file's rights.`,
        { cause },
      )
    }
  }
  return Object.assign({}, ...(await Promise.all([read('ca'), read('cert'), read('key')]))) as Pem
}
