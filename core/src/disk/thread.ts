// The entry of a disk queue's thread.
import { parentPort, workerData } from 'node:worker_threads'

// Older versions of Node warn about node:sqlite when it is loaded; that is of no use to an operator.
const { emitWarning } = process
process.emitWarning = ((...parameters: Parameters<typeof emitWarning>) => {
  if ((parameters[1] as unknown) !== 'ExperimentalWarning') emitWarning.apply(process, parameters)
}) as typeof emitWarning

const { serve } = await import('./service.ts')
serve(parentPort!, (workerData as { readonly path: string }).path)
