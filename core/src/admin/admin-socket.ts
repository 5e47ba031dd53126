import { chmod, mkdir, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import type { Logger } from 'pino'
import { reasonOf } from '../errors.ts'
import { Listener } from '../host/listener.ts'
import type { Handler } from '../host/listener.ts'
import { OWNER } from './guard.ts'

/** A longer path cannot be given to the system. */
const MAX_PATH_BYTES = 103

/** Where the Unix socket of a gateway is: whoever can open it may change what runs. */
export function adminSocketOf(stateFolder: string): string {
  return join(stateFolder, 'admin.sock')
}

/** The admin API over a Unix socket in the state folder. Without it the gateway goes on: there is the token. */
export class AdminSocket {
  readonly #path: string
  readonly #handler: Handler
  readonly #log: Logger
  #listener: Listener | undefined

  constructor(stateFolder: string, handler: Handler, log: Logger) {
    this.#path = adminSocketOf(stateFolder)
    this.#handler = (request) => handler(request, OWNER)
    this.#log = log
  }

  async open(): Promise<void> {
    try {
      if (Buffer.byteLength(this.#path) > MAX_PATH_BYTES)
        throw new Error(`its path is longer than ${MAX_PATH_BYTES} bytes; a shorter gateway.state makes room`)
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
      if (await answers(this.#path)) throw new Error('another gateway with the same gateway.state serves it')
      await rm(this.#path, { force: true })
      const onError = (err: unknown): void => this.#log.error({ err }, `${this.#path} failed`)
      this.#listener = await Listener.bindSocket(this.#path, this.#handler, onError)
      await chmod(this.#path, 0o600)
    } catch (error) {
      this.#log.warn(
        `there is no Unix socket ${this.#path} (${reasonOf(error)}): changes need the token that gateway.admin.token sets`,
      )
    }
  }

  async close(): Promise<void> {
    // The file goes with the listener.
    await this.#listener?.close()
  }
}

/** Whether somebody listens at a socket: the file of one that was killed stays behind. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path })
    const end = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => end(true)).once('error', () => end(false))
  })
}
