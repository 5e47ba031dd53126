import { MessageChannel, Worker } from 'node:worker_threads'
import type { Definition } from '@smart-gateway/sdk'
import type { Host } from '../host/host.ts'
import type { Owner } from '../host/owner.ts'
import type { Opening } from '../subject/generation.ts'
import { Lending } from './lending.ts'
import type { Lent, Opened } from './protocol.ts'
import { remoteSession } from './remote-session.ts'

const IS_SOURCE = import.meta.filename.endsWith('.ts')
const THREAD = new URL(IS_SOURCE ? './thread.ts' : './thread.js', import.meta.url)

/** Begins to open a generation in a thread of its own, as the gateway does; `plugin` is the folder where it lies. */
export function beginInThread(plugin: string) {
  return (_definition: Definition, host: Host, owner: Owner, options: unknown): Opening => {
    const loan = host.lend(owner, options)
    const { context } = loan
    const { port1: decoding, port2 } = new MessageChannel()
    const answered = new Int32Array(new SharedArrayBuffer(4))
    const { instance } = owner
    const lent: Lent = { plugin, instance, options, folder: host.folder, decoding: port2, answered }
    const worker = new Worker(THREAD, { workerData: lent, transferList: [port2] })
    const lending = new Lending(context, worker)
    const { channel } = lending
    worker.on('error', (error: Error) => {
      channel.end(error)
      // As it would be for one that runs here.
      void Promise.reject(error)
    })
    worker.on('exit', (code) => channel.end(new Error(`its thread ended with process.exit(${code})`)))
    context.signal.addEventListener('abort', () => channel.tell('leave'))
    const ways = { lending, decoding, answered, series: context.series }
    const session = channel.ask<Opened>('open').then((opened) => remoteSession(opened, ways))
    session.catch(() => undefined)
    const takeBack = async (): Promise<void> => {
      channel.tell('leave')
      channel.end(new Error('its thread was ended'))
      await worker.terminate()
      decoding.close()
      await loan.takeBack()
    }
    return { loan: { ...loan, takeBack }, session }
  }
}
