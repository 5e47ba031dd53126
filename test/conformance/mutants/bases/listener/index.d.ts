import type { TransportDefinition } from '@smart-gateway/sdk'

declare const definition: TransportDefinition
export default definition
