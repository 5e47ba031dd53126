import { expect, test } from 'vitest'
import { reasonOf } from '../errors.ts'
import { bindError } from './bind-error.ts'

function failure(code: string, message: string): NodeJS.ErrnoException {
  return Object.assign(new Error(message), { code })
}

test('a port in use is said once', () => {
  const error = bindError('127.0.0.1', 80, failure('EADDRINUSE', 'listen EADDRINUSE: address already in use'))
  expect(reasonOf(error)).toBe('cannot listen on 127.0.0.1:80: the port is in use')
  expect(error).toMatchObject({ code: 'SG_PORT_IN_USE', cause: { code: 'EADDRINUSE' } })
  expect(error.hint).toContain('ss -lunp')
})

test('an address of another machine is told as that, and not as a matter of ports', () => {
  const cause = failure('EADDRNOTAVAIL', 'listen EADDRNOTAVAIL: address not available 10.99.99.99:80')
  const error = bindError('10.99.99.99', 80, cause)
  expect(reasonOf(error)).toBe(
    'cannot listen on 10.99.99.99:80 (EADDRNOTAVAIL): this machine has no address 10.99.99.99',
  )
  expect(error).toMatchObject({ code: 'SG_PORT_REFUSED', hint: 'Use a host address of this machine.' })
})

test.each(['ENOTFOUND', 'EAI_AGAIN'])('a name that cannot be looked up is named (%s)', (code) => {
  const error = bindError('nosuch.invalid', 80, failure(code, `getaddrinfo ${code} nosuch.invalid`))
  expect(reasonOf(error)).toBe(
    `cannot listen on nosuch.invalid:80 (${code}): the name nosuch.invalid is not known`,
  )
  expect(error.code).toBe('SG_PORT_REFUSED')
  expect(error.hint).toContain('IP address')
  expect(error.hint).not.toContain('port')
})

test('any other failure keeps the words of the system', () => {
  const error = bindError('::1', 80, failure('EACCES', 'listen EACCES: permission denied ::1:80'))
  expect(reasonOf(error)).toBe('cannot listen on [::1]:80 (EACCES): listen EACCES: permission denied ::1:80')
  expect(error.hint).toContain('1024')
})
