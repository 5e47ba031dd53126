import type { GatewayProcess } from './gateway-process.ts'

/** What the gateway's own metrics say of one collectd input. */
export interface InputCounts {
  readonly received: number
  readonly settled: number
  readonly returned: number
  readonly refused: number
  readonly decode_message: number
  readonly decode_element: number
}

export async function inputCounts(gateway: GatewayProcess, input: string): Promise<InputCounts> {
  const messages = (fate: string) =>
    gateway.metric(`smart_gateway_input_messages_total{component="${input}",fate="${fate}"}`)
  const errors = (error: string) =>
    gateway.metric(
      `smart_gateway_component_errors_total{component="${input}",kind="input",plugin="collectd",error="${error}"}`,
    )
  return {
    received: await messages('received'),
    settled: await messages('settled'),
    returned: await messages('returned'),
    refused: await messages('refused'),
    decode_message: await errors('decode_message'),
    decode_element: await errors('decode_element'),
  }
}
