// While no key guards the service, a page whose name was rebound to 127.0.0.1 must not reach it: its Host header betrays it.

import { TersorError } from '#src/domain/errors'

const THIS_MACHINE = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i

/**
 * @param header the Host header (RFC 9110 section 7.2)
 * @param host the address the service listens on, accepted too
 * @throws TersorError forbidden
 */
export function checkHost(header: string | undefined, host: string): void {
  const name = (header ?? '').replace(/:\d*$/, '')
  if (THIS_MACHINE.test(name) || name.toLowerCase() === host.toLowerCase()) return
  throw new TersorError(
    'forbidden',
    'while no API key exists, the Host header must name this machine (localhost, 127.0.0.1 or [::1])',
  )
}
