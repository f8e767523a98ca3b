// A link between client and server that can be slow, cut, silent or lossy, and whole again.

import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { seededRandom } from './seeded-random.ts'

export interface TcpProxyOptions {
  readonly host: string
  readonly port: number
  readonly seed?: number
}

export interface TcpProxy {
  readonly host: string
  readonly port: number
  /** Holds every chunk back for so long, in both directions. */
  delay(ms: number): void
  /** Probability that a chunk breaks its connection instead of passing. */
  drop(rate: number): void
  /** Half-open: connections stay, and are still accepted, but no byte passes. Those held back pass after `restore`. */
  silence(): void
  /** Breaks all connections and refuses new ones. */
  cut(): void
  /** Whole again: no delay, no drops. */
  restore(): Promise<void>
  close(): Promise<void>
}

interface Link {
  state: 'open' | 'silent' | 'cut'
  delayMs: number
  dropRate: number
}

export async function startTcpProxy({ host, port, seed = 1 }: TcpProxyOptions): Promise<TcpProxy> {
  const link: Link = { state: 'open', delayMs: 0, dropRate: 0 }
  const random = seededRandom(seed)
  const sockets = new Set<Socket>()
  const waiting = new Set<() => void>()

  const server = createServer((client) => {
    if (link.state === 'cut') {
      client.resetAndDestroy()
      return
    }
    const upstream = connect({ host, port, noDelay: true })
    client.setNoDelay(true)
    join(client, upstream)
    join(upstream, client)
  })

  function join(from: Socket, to: Socket): void {
    sockets.add(from)
    // Chunks keep their order: each waits for the one before.
    let last: Promise<void> = Promise.resolve()
    from.on('data', (chunk: Buffer) => {
      from.pause()
      last = last.then(async () => {
        if (random() < link.dropRate) {
          from.resetAndDestroy()
          to.resetAndDestroy()
          return
        }
        if (link.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, link.delayMs))
        while (link.state === 'silent') await new Promise<void>((resolve) => waiting.add(resolve))
        if (!to.destroyed) to.write(chunk)
        from.resume()
      })
    })
    from.on('end', () => void last.then(() => to.end()))
    from.on('error', () => to.destroy())
    from.on('close', () => {
      sockets.delete(from)
      void last.then(() => to.destroy())
    })
  }

  const listen = (at: number): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(at, '127.0.0.1', resolve)
    })
  const breakAll = (): void => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  const wake = (): void => {
    for (const resume of waiting) resume()
    waiting.clear()
  }

  await listen(0)
  const { port: own } = server.address() as AddressInfo
  return {
    host: '127.0.0.1',
    port: own,
    delay: (ms) => {
      link.delayMs = ms
    },
    drop: (rate) => {
      link.dropRate = rate
    },
    silence: () => {
      link.state = 'silent'
    },
    cut: () => {
      link.state = 'cut'
      server.close()
      breakAll()
      wake()
    },
    async restore() {
      link.delayMs = 0
      link.dropRate = 0
      link.state = 'open'
      wake()
      if (!server.listening) await listen(own)
    },
    async close() {
      link.state = 'cut'
      breakAll()
      wake()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
