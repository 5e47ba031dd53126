import type { OutputDefinition } from '@smart-gateway/sdk'

declare const definition: OutputDefinition
export default definition
