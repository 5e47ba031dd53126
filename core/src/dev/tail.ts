import { open, stat } from 'node:fs/promises'

/** Follows a file that an output writes: `read` gives what was appended since it was asked last, nothing where there is no such file. */
export class Tail {
  readonly #file: string
  #position: number | undefined

  constructor(file: string) {
    this.#file = file
  }

  async read(): Promise<string> {
    const size = await stat(this.#file).then(
      (found) => (found.isFile() ? found.size : 0),
      () => 0,
    )
    // What was there before is not what comes out now.
    const from = Math.min((this.#position ??= size), size)
    this.#position = size
    if (size === from) return ''
    const handle = await open(this.#file)
    try {
      const { buffer } = await handle.read(Buffer.alloc(size - from), 0, size - from, from)
      return buffer.toString()
    } finally {
      await handle.close()
    }
  }
}
