import type { JsonSchema } from '@smart-gateway/sdk'
import { nodesOf, placesOf } from './schema-tree.ts'

/** The paths of options that are called like the file of a certificate, a key or a secret, and do not have the format `file`. */
export function unmarkedFiles(schema: JsonSchema): readonly string[] {
  return [...placesOf(schema)]
    .filter(([path, ones]) => {
      const isText = ones.some(({ type }) => [type ?? []].flat().includes('string'))
      // A URI is none, and what is secret by itself is the content.
      const isElse = ones.some((one) => one['format'] !== undefined || one.writeOnly === true)
      return isText && !isElse && isCredentialFile(lastOf(path.split('.')), descriptionOf(ones))
    })
    .map(([path]) => path)
}

/** The paths of options of the format `file` whose files hold a certificate, a key or a secret: nothing works without it. */
export function credentialFiles(schema: JsonSchema): readonly (readonly string[])[] {
  const places = placesOf(schema)
  return filePaths(schema).filter((path) => {
    const description = descriptionOf(places.get(path.join('.'))!)
    return namesCredential(lastOf(path)) && !MADE.test(description) && !MISSING.test(description)
  })
}

/** The paths of all options of the format `file`. */
export function filePaths(schema: JsonSchema): readonly (readonly string[])[] {
  const files = nodesOf(schema).filter(({ schema: one }) => one['format'] === 'file')
  return [...new Map(files.map(({ path }) => [path.join('.'), path])).values()]
}

/** Whether a text option with this name and description names a file that holds a certificate, a key or a secret. */
export function isCredentialFile(name: string, description: string): boolean {
  const saysSo = NAMED.test(name) || STARTS.test(description) || CALLED.test(description)
  return namesCredential(name) && saysSo && !MADE.test(description) && !TEXT.test(description)
}

/** What an option is called, without what it stands in: items of a list have the name of the list. */
export function lastOf(path: readonly string[]): string {
  return (path.findLast((key) => key !== '[]') ?? '').split('.').at(-1)!
}

/** The words of a name in lower case, whichever way they are put together. */
export function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z\d])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$1$3 $2')
    .toLowerCase()
    .split(/[^a-z\d]+/)
}

const CREDENTIAL =
  /^(ca|crl|pem|pfx|(ca|client|server)?certs?|certificates?|key(tab|store)?|truststore|token|pass(word|phrase)|secrets?|credentials?)(file)?$/
const NAMED = /(?<!pro)file_?(name)?$/i
/** A description of what holds them. */
const STARTS =
  /^(the |an? )?((path|name) (of|to) )?(the |an? )?([\w-]+ )?file (of|with|that|which|in|holding|containing|for|from)\b/i
const CALLED = /\b(pem|der|pkcs\S*|certificate|key|keytab|token|secret)[ -]files?\b/i
/** Of a file that the plugin writes, or of a folder. */
const MADE =
  /\b(writes?|written|created?|makes?|made|keeps?|kept|stored|saved?|cached?|appended|folders?|director(y|ies))\b/i
/** Of the content itself, or of either. */
const TEXT = /\b(texts?|inline|itself|base64|contents?)\b/i
const MISSING =
  /\b(missing|absent|exists?|there|(if|when|where) present|(not|none is|if|when|where) found)\b/i

function descriptionOf(ones: readonly JsonSchema[]): string {
  return ones.map(({ description = '' }) => description).join(' ')
}

function namesCredential(name: string): boolean {
  return wordsOf(name).some((word) => CREDENTIAL.test(word))
}
