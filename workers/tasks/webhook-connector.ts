// Connects to public addresses only: literals, every looked-up address and the peer of the open socket are checked.

import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { Agent, buildConnector } from 'undici'
import { addressIsListed } from '#src/services/webhook-url'

export class BlockedAddress extends Error {
  constructor() {
    super('blocked_address')
    this.name = 'BlockedAddress'
  }
}

const TIMEOUT_MS = 15_000

export function webhookAgent(allow: readonly string[]): Agent {
  const connectTo = buildConnector({ timeout: TIMEOUT_MS })
  const permitted = (address: string): boolean =>
    ipaddr.isValid(address) &&
    (addressIsListed(address, allow) || ipaddr.process(address).range() === 'unicast')
  return new Agent({
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    pipelining: 0,
    keepAliveTimeout: 1,
    connect: (options, callback) => {
      resolveHost(options.hostname, permitted).then(
        (address) => {
          // The name stays for TLS and the Host header; the connection goes to the address that was checked.
          const pinned = {
            ...options,
            hostname: address,
            host: address,
            servername: options.servername ?? options.hostname,
          }
          connectTo(pinned, (error, socket) => {
            if (error !== null) return callback(error, null)
            if (permitted(socket.remoteAddress ?? '')) return callback(null, socket)
            socket.destroy()
            return callback(new BlockedAddress(), null)
          })
        },
        (error: Error) => callback(error, null),
      )
    },
  })
}

async function resolveHost(
  hostname: string,
  permitted: (address: string) => boolean,
): Promise<string> {
  const literal = hostname.replace(/^\[|\]$/g, '')
  const addresses = isIP(literal)
    ? [literal]
    : (await lookup(literal, { all: true })).map(({ address }) => address)
  const [first] = addresses
  if (first === undefined || !addresses.every(permitted)) throw new BlockedAddress()
  return first
}
