// Which URLs a webhook may have. Addresses are checked again at each connection; here names that resolve later pass.

import ipaddr from 'ipaddr.js'

const LOCAL_NAMES = /(?:^|\.)(?:localhost|local|internal|localdomain|home\.arpa)$/u
const LONGEST_URL = 2048

/** Why the URL must not be called, or `null` when it may. `allow` holds CIDRs that need not be public. */
export function webhookUrlFault(text: string, allow: readonly string[]): string | null {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null) return 'it is no absolute URL'
  if (text.length > LONGEST_URL) return `it is longer than ${LONGEST_URL} characters`
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'it must start with https://'
  if (url.username !== '' || url.password !== '') return 'it must not hold a user name or password'
  const host = url.hostname.replace(/^\[|\]$/gu, '').replace(/\.$/u, '')
  const isAddress = ipaddr.isValid(host)
  if (isAddress && addressIsListed(host, allow)) return null
  if (url.protocol === 'http:') return 'it must start with https://'
  if (url.port !== '') return 'it must use the port of https, 443'
  if (LOCAL_NAMES.test(host)) return 'its host is a local name'
  if (!isAddress) return host.includes('.') ? null : 'its host is a local name'
  return isPublicAddress(host) ? null : 'its address is not public'
}

const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')

/** Whether the address leads to the public network: of IPv6 only 2000::/3, without what is set apart for other uses. */
export function isPublicAddress(address: string): boolean {
  const parsed = ipaddr.process(address)
  if (parsed.range() !== 'unicast') return false
  return parsed.kind() === 'ipv4' || parsed.match(GLOBAL_UNICAST)
}

/** Whether the address lies in one of the CIDRs. */
export function addressIsListed(address: string, allow: readonly string[]): boolean {
  const parsed = ipaddr.process(address)
  return allow.some((cidr) => {
    const [network, bits] = ipaddr.parseCIDR(cidr)
    return network.kind() === parsed.kind() && parsed.match(network, bits)
  })
}
