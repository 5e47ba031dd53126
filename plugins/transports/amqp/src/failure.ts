import { retryable } from '@smart-gateway/sdk'
import type { PluginError } from '@smart-gateway/sdk'

/** Why a connection could not be made, and what to do. Always worth another try: a broker may come up or be put right. */
export function connectFailure(label: string, cause: Error): PluginError {
  return failure(`Cannot connect to ${label}`, cause, CONNECT_HINTS)
}

/** Why the broker refused a subscription, and what to do. */
export function subscribeFailure(label: string, cause: Error): PluginError {
  return failure(`Cannot subscribe at ${label}`, cause, SUBSCRIBE_HINTS)
}

/** That something which worked has ended. */
export function lostFailure(what: string, cause: Error): PluginError {
  return failure(`Lost ${what}`, cause, [])
}

type Hints = readonly (readonly [sign: RegExp, hint: string])[]

function failure(what: string, cause: Error, hints: Hints): PluginError {
  const { code = '' } = cause as PluginError
  const reason = reasonOf(cause)
  const hint = hints.find(([sign]) => sign.test(`${code} ${reason}`))?.[1]
  return retryable(`${what}: ${reason}.${hint === undefined ? '' : ` ${hint}`}`, {
    cause,
    ...(code === '' ? {} : { code: typeof code === 'number' ? `AMQP_${String(code)}` : code }),
  })
}

function reasonOf({ message, code = '' }: PluginError): string {
  // How amqplib puts it when the broker closes a connection that asks for a virtual host.
  if (message.startsWith('Expected ConnectionOpenOk; got <ConnectionClose'))
    return 'the broker refused the virtual host'
  // Node gives a host name with several addresses an AggregateError, which has no message.
  return message === '' ? code : message.replace(/\.$/, '')
}

const CONNECT_HINTS: Hints = [
  [/ECONNREFUSED/, 'Is the broker running, and is that its port?'],
  [/ENOTFOUND|EAI_AGAIN/, 'Does the host name resolve here?'],
  [/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/, 'Is the host right, and does a firewall let the gateway through?'],
  [/ACCESS_REFUSED|ACCESS-REFUSED/, 'Check the user and the password.'],
  [/virtual host/, 'Does it exist, and may the user use it?'],
  [/ALTNAME/, 'The certificate bears another name: set "tls.servername" to it.'],
  [/SELF_SIGNED|UNABLE_TO_|CERT_/, 'Name the file of the broker\'s authority under "tls.ca".'],
  [/EPROTO|ERR_SSL_WRONG_VERSION/, 'Does the broker speak TLS at that port?'],
  [/ECONNRESET|closed abruptly/, 'Is that an AMQP 0-9-1 port, and does it want TLS (amqps://)?'],
]

const SUBSCRIBE_HINTS: Hints = [
  [/NOT_FOUND|NOT-FOUND/, 'Create it first, or give all its flags under "declare".'],
  [/PRECONDITION/, 'It exists with other flags: give those under "declare", or leave "declare" out.'],
  [/ACCESS_REFUSED|ACCESS-REFUSED/, "Does the user have the permission, and is the queue nobody else's?"],
  [/RESOURCE_LOCKED|RESOURCE-LOCKED/, 'The queue belongs to another connection alone.'],
]
