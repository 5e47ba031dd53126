import { retryable } from '@smart-gateway/sdk'
import type { PluginError } from '@smart-gateway/sdk'

/** Why a connection could not be made, and what to do. Always worth another try: a peer may come up or be put right. */
export function connectFailure(label: string, cause: Error): PluginError {
  return failure(`Cannot connect to ${label}`, cause, CONNECT_HINTS)
}

/** Why the peer refused a link, and what to do. */
export function subscribeFailure(what: string, cause: Error): PluginError {
  return failure(`Cannot receive from ${what}`, cause, SUBSCRIBE_HINTS)
}

/** That something which worked has ended. */
export function lostFailure(what: string, cause: Error): PluginError {
  return failure(`Lost ${what}`, cause, [])
}

/** What a producer did wrong that a listener had to disconnect it, and what to do. */
export function peerMistake({ message }: Error): string {
  return PEER_MISTAKES.find(([sign]) => sign.test(message))?.[1] ?? message
}

/** Why a producer's TLS handshake failed, without OpenSSL's places in its sources. */
export function handshakeMistake(error: Error): string {
  const { reason = error.message } = error as Error & { readonly reason?: string }
  return NO_TLS.test(reason)
    ? 'it speaks no TLS, which "listen.tls" asks for'
    : `its TLS handshake failed: ${reason}`
}

/** What a peer said when it closed something, as an error; `otherwise` when it said nothing. */
export function toldBy(error: unknown, otherwise: string): Error {
  const { condition, description, message } = (error ?? {}) as Record<string, unknown>
  const text = [condition, description ?? message].filter((part) => typeof part === 'string' && part !== '')
  return new Error(text.length === 0 ? otherwise : text.join(': '))
}

type Hints = readonly (readonly [sign: RegExp, hint: string])[]

function failure(what: string, cause: Error, hints: Hints): PluginError {
  const { code = '' } = cause as PluginError
  // Node gives a host name with several addresses an AggregateError, which has no message.
  const reason = cause.message === '' ? code : cause.message.replace(/\.$/, '')
  const hint = hints.find(([sign]) => sign.test(`${code} ${reason}`))?.[1]
  return retryable(`${what}: ${reason}.${hint === undefined ? '' : ` ${hint}`}`, {
    cause,
    ...(code !== '' && { code }),
  })
}

const CONNECT_HINTS: Hints = [
  [/ECONNREFUSED/, 'Is the peer running, and is that its port?'],
  [/ENOTFOUND|EAI_AGAIN/, 'Does the host name resolve here?'],
  [/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/, 'Is the host right, and does a firewall let the gateway through?'],
  [/authenticate|unauthorized/, 'Check the user and the password.'],
  [/No suitable mechanism/, 'Give "username" and "password", or a certificate under "tls".'],
  [/ALTNAME/, 'The certificate bears another name: set "tls.servername" to it.'],
  [/SELF_SIGNED|UNABLE_TO_|CERT_/, 'Name the file of the peer\'s authority under "tls.ca".'],
  [/EPROTO|ERR_SSL_WRONG_VERSION/, 'Does the peer speak TLS at that port?'],
  [/speaks HTTP/, 'Is that the port for AMQP?'],
  [/AMQP version|protocol header/, 'Does the peer speak AMQP 1.0 (RabbitMQ 3: the plugin rabbitmq_amqp1_0)?'],
  [/ECONNRESET|closed the connection/, 'Is that an AMQP 1.0 port, and does it want TLS (amqps://)?'],
]

const SUBSCRIBE_HINTS: Hints = [
  [/not-found/, 'Create it first, or correct "address".'],
  [/unauthorized/, 'Does the user have the permission?'],
  [/resource-locked/, 'It belongs to another connection alone.'],
]

const PEER_MISTAKES: Hints = [
  [
    /Expecting SASL layer/,
    'it came without a login, but "listen.users" asks for one (collectd\'s amqp1 plugin cannot log in)',
  ],
  [/speaks HTTP/, 'this is HTTP, and the port is for AMQP 1.0: the transport http takes what is posted'],
  [
    /speaks TLS/,
    'this is TLS, which is not spoken here: give "listen.tls", or have the peer speak AMQP without TLS',
  ],
  [
    /AMQP version: 0-9-1/,
    'this is AMQP 0-9-1, and the port is for AMQP 1.0: use the transport amqp, with a broker in between',
  ],
]

/** What OpenSSL says of bytes that are no TLS. */
const NO_TLS = /wrong version number|http request|packet length too long|record layer failure/
