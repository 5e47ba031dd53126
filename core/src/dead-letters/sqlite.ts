import type { DatabaseSync as Database } from 'node:sqlite'

// Older Nodes warn that it is experimental; what is used of it has not changed since, and an operator cannot do anything about it.
const { emitWarning } = process
process.emitWarning = () => undefined
export const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
process.emitWarning = emitWarning

export type { Database }
