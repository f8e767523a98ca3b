// Connects to public addresses only: literals, every looked-up address and the peer of the open socket are checked.

import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { Agent, buildConnector } from 'undici'
import { addressIsListed, isPublicAddress } from '#src/services/webhooks/webhook-url'

export class BlockedAddress extends Error {
  constructor() {
    super('blocked_address')
    this.name = 'BlockedAddress'
  }
}

/** All addresses of a name, in the order in which they are to be tried. */
export type Resolve = (name: string) => Promise<readonly string[]>

/** Post-webhook ends the whole request after 15 s; a connection still being made then is dropped soon after. */
const LAST_CONNECT_MS = 20_000
/** Of several addresses, one that does not answer leaves time for the next. */
const CONNECT_MS = 4000

export interface WebhookNetwork {
  readonly resolve: Resolve
  /** Certificates to trust in place of those that Node brings. */
  readonly ca?: string
}

/** @param allow CIDRs that may be reached although they are not public */
export function webhookAgent(
  allow: readonly string[],
  { resolve, ...tls }: WebhookNetwork = { resolve: lookUp },
): Agent {
  const connectLast = buildConnector({ ...tls, timeout: LAST_CONNECT_MS })
  const connectFirst = buildConnector({ ...tls, timeout: CONNECT_MS })
  const permitted = (address: string): boolean =>
    ipaddr.isValid(address) && (addressIsListed(address, allow) || isPublicAddress(address))

  /** The name stays for TLS and the Host header; the connection goes to the address that was checked. */
  function connectPinned(
    options: buildConnector.Options,
    [address, ...others]: readonly string[],
    callback: buildConnector.Callback,
  ): void {
    if (address === undefined) return callback(new BlockedAddress(), null)
    const { hostname } = options
    // A literal address has no name to send; its certificate must be one of the address.
    const servername = isIP(literalOf(hostname)) === 0 ? hostname : ''
    const pinned = { ...options, hostname: address, host: address, servername }
    const connect = others.length === 0 ? connectLast : connectFirst
    connect(pinned, (error, socket) => {
      if (error !== null) {
        if (others.length === 0) return callback(error, null)
        return connectPinned(options, others, callback)
      }
      if (permitted(socket.remoteAddress ?? '')) return callback(null, socket)
      socket.destroy()
      return callback(new BlockedAddress(), null)
    })
  }

  return new Agent({
    // One clock tells what is late, not three that race: see post-webhook.
    headersTimeout: 0,
    bodyTimeout: 0,
    pipelining: 0,
    keepAliveTimeout: 1,
    connect: (options, callback) => {
      const literal = literalOf(options.hostname)
      const addresses = isIP(literal) ? Promise.resolve([literal]) : resolve(literal)
      addresses.then(
        // One address that is not permitted makes the name suspect: it is not called at all.
        (found) => connectPinned(options, found.every(permitted) ? found : [], callback),
        (error: Error) => callback(error, null),
      )
    },
  })
}

/** Without the brackets that an IPv6 address has in a URL. */
function literalOf(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}

async function lookUp(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address)
}
