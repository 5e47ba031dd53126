import type { FilterDefinition } from '@smart-gateway/sdk'

declare const definition: FilterDefinition
export default definition
