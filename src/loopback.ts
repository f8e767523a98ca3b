// Which addresses only this machine can reach.

import ipaddr from 'ipaddr.js'

export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true
  return ipaddr.isValid(host) && ipaddr.process(host).range() === 'loopback'
}
