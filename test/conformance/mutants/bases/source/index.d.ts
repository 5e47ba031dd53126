import type { InputDefinition } from '@smart-gateway/sdk'

declare const definition: InputDefinition
export default definition
