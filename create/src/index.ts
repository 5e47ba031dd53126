export { scaffold } from './scaffold.ts'
export type { Wanted } from './scaffold.ts'
export { KINDS } from './kind.ts'
export type { Kind } from './kind.ts'
