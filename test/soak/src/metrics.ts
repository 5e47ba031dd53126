import type { GatewayProcess } from '../../e2e/src/gateway-process.ts'

/** The samples of the gateway's own metrics, each as its line up to the value and the value. */
export async function metricsOf({
  adminUrl,
}: GatewayProcess): Promise<readonly (readonly [string, number])[]> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text()
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const at = line.lastIndexOf(' ')
      return [line.slice(0, at), Number(line.slice(at + 1))]
    })
}
