/** Where the code of a generation comes from. */
export type PluginSource =
  /** What startup.yaml names, as it is installed beside it. */
  | { readonly kind: 'installed'; readonly plugin: string }
  | { readonly kind: 'folder'; readonly path: string }
  /** An npm tarball. */
  | { readonly kind: 'tarball'; readonly path: string }
  /** A version, a range or a tag that npm resolves. */
  | { readonly kind: 'npm'; readonly name: string; readonly version: string }
  /** An earlier generation of the same instance that still lies on the disk. */
  | { readonly kind: 'generation'; readonly number: number }

/** A source in words. */
export function sourceInWords(source: PluginSource): string {
  switch (source.kind) {
    case 'installed':
      return `what is installed as ${source.plugin}`
    case 'folder':
      return `the folder ${source.path}`
    case 'tarball':
      return `the tarball ${source.path}`
    case 'npm':
      return `${source.name}@${source.version}`
    case 'generation':
      return `what it had before, from the folder of code ${source.number}`
  }
}
