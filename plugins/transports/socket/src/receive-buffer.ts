import type { Context, SocketService } from '@smart-gateway/sdk'
import type { SocketOptions } from './options.ts'

/** Says so when the kernel granted a smaller receive buffer than was asked for. */
export function warnOfSmallBuffer({ options, log }: Context<SocketOptions>, place: SocketService): void {
  const { receiveBufferBytes: asked } = options
  if (asked === undefined || place.receiveBufferBytes === undefined) return
  const granted = process.platform === 'linux' ? place.receiveBufferBytes / 2 : place.receiveBufferBytes
  if (granted >= asked) return
  log.warn(
    `udp://${place.address}: the kernel granted a receive buffer of ${granted} bytes of the ${asked} asked for; ` +
      `raise its limit: sysctl -w net.core.rmem_max=${asked}`,
  )
}
