// An object store with presigned URLs on a loopback port, its parts in memory, for tests of direct access without S3.

import { createHmac, randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { TersorError } from '#src/domain/errors'
import type { BlobStore, DirectAccess } from '#src/ports/blob-store'

export interface FakeObjectStore {
  /** The given store, with direct access to its blobs. */
  readonly blobs: BlobStore
  readonly direct: DirectAccess
  /** Answers that many further PUTs with 503. */
  failNext(count: number): void
  stop(): Promise<void>
}

interface StoredPart {
  readonly bytes: Buffer
  readonly storedAt: number
}

export async function startFakeObjectStore(inner: BlobStore): Promise<FakeObjectStore> {
  const secret = randomBytes(32)
  const parts = new Map<string, StoredPart>()
  let failures = 0

  const sign = (method: string, path: string, query: URLSearchParams): string =>
    createHmac('sha256', secret).update(`${method} ${path}?${query.toString()}`).digest('hex')

  const server = createServer((request, reply) => {
    void answer(request, reply).catch(() => reply.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  function presign(method: string, path: string, values: Record<string, string>): string {
    const query = new URLSearchParams(values)
    return `${origin}${path}?${query.toString()}&signature=${sign(method, path, query)}`
  }

  async function answer(request: IncomingMessage, reply: ServerResponse): Promise<void> {
    const { pathname, searchParams: query } = new URL(request.url ?? '/', origin)
    const signature = query.get('signature')
    query.delete('signature')
    const valid = signature === sign(request.method ?? '', pathname, query)
    const late = Number(query.get('until')) < Date.now()
    // As S3 does: two ways to prove who one is are one too many.
    if (request.headers.authorization !== undefined) return void reply.writeHead(400).end()
    if (!valid || late) return void reply.writeHead(403).end()
    if (request.method === 'PUT') await take(request, reply, pathname, Number(query.get('bytes')))
    else await give(request, reply, pathname, query)
  }

  async function take(
    request: IncomingMessage,
    reply: ServerResponse,
    path: string,
    expected: number,
  ): Promise<void> {
    const bytes = await buffer(request)
    failures -= 1
    if (failures >= 0) return void reply.writeHead(503).end()
    if (bytes.length !== expected) return void reply.writeHead(403).end()
    parts.set(path.slice('/parts/'.length), { bytes, storedAt: Date.now() })
    reply.writeHead(200).end()
  }

  async function give(
    request: IncomingMessage,
    reply: ServerResponse,
    path: string,
    query: URLSearchParams,
  ): Promise<void> {
    const bytes = await buffer(await inner.read(path.slice('/blobs/'.length)))
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
    const sent = range === null ? bytes : bytes.subarray(Number(range[1]), Number(range[2]) + 1)
    reply
      .writeHead(range === null ? 200 : 206, {
        'content-type': query.get('type') ?? '',
        'content-disposition': `attachment; filename="${query.get('filename')}"`,
        'content-length': sent.length,
      })
      .end(sent)
  }

  const until = (seconds: number): string => String(Date.now() + seconds * 1000)
  const direct: DirectAccess = {
    async readUrl(key, { seconds, filename, mediaType }) {
      return presign('GET', `/blobs/${key}`, { until: until(seconds), filename, type: mediaType })
    },
    async writeUrl(part, { seconds, bytes }) {
      return presign('PUT', `/parts/${part}`, { until: until(seconds), bytes: String(bytes) })
    },
    async statPart(part) {
      const found = parts.get(part)
      if (found === undefined) return null
      return { part, size: found.bytes.length, storedAt: found.storedAt }
    },
    async readPart(part) {
      const found = parts.get(part)
      if (found === undefined) throw new TersorError('not_found', 'there is no such part')
      return Readable.from([found.bytes], { objectMode: false })
    },
    async deletePart(part) {
      parts.delete(part)
    },
    async *parts(prefix) {
      for (const [part, { bytes, storedAt }] of parts) {
        if (part.startsWith(prefix)) yield { part, size: bytes.length, storedAt }
      }
    },
  }
  return {
    blobs: { ...inner, direct },
    direct,
    failNext: (count) => {
      failures = count
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
