import { permanent } from '@smart-gateway/sdk'
import type { Context, TransportSession } from '@smart-gateway/sdk'
import { openClient } from './client.ts'
import { hardenDecoder } from './decoder.ts'
import { openListener } from './listener.ts'
import type { SubscriptionOptions, TransportOptions } from './options.ts'

/** Connects to a peer or listens for peers, whichever the options say. */
export async function openSession(
  context: Context<TransportOptions>,
): Promise<TransportSession<SubscriptionOptions>> {
  const { url, listen } = context.options
  hardenDecoder()
  if (url !== undefined && listen === undefined) return openClient(context, url)
  if (listen !== undefined && url === undefined) return openListener(context, listen)
  throw permanent('Give either "url" (connect to a broker or router) or "listen" (be connected to).')
}
