// A blob as an answer: a redirect where the store serves it itself, else whole or one range (RFC 9110 section 14).

import { Readable } from 'node:stream'
import { TersorError } from '#src/domain/errors'
import type { ServiceContext } from '#src/services/service-context'
import type { FastifyRequest } from 'fastify'
import type { Answer } from './route.ts'

export interface ServedBlob {
  readonly sha256: string
  readonly size: number
  readonly filename: string
  readonly mediaType: string
}

const URL_SECONDS = 15 * 60

/** What a route that serves a blob answers, in the words of OpenAPI. */
export function blobResponses(mediaTypes: readonly string[]) {
  return {
    200: { description: 'The file', content: mediaTypes },
    206: { description: 'The range', content: mediaTypes },
    302: {
      description: 'The file is at this address for a while; a Range may be sent there',
      content: 'none',
    },
    304: { description: 'Not modified', content: 'none' },
  } as const
}

/** @throws TersorError range_not_satisfiable */
export async function serveBlob(
  { blobs }: ServiceContext,
  request: FastifyRequest,
  blob: ServedBlob,
): Promise<Answer> {
  const etag = `"${blob.sha256}"`
  const filename = safeName(blob.filename)
  const headers = {
    etag,
    'accept-ranges': 'bytes',
    'cache-control': 'private, max-age=31536000, immutable',
    'content-type': blob.mediaType,
    'content-disposition': `attachment; filename="${filename}"`,
    'content-digest': `sha-256=:${Buffer.from(blob.sha256, 'hex').toString('base64')}:`,
  }
  if (isKnown(request.headers['if-none-match'], etag))
    return { status: 304, headers: { etag }, body: 'none' }
  // The signature of an address is good for one method: HEAD is answered here.
  if (blobs.direct !== 'none' && request.method !== 'HEAD') {
    const saved = { seconds: URL_SECONDS, filename, mediaType: blob.mediaType }
    return redirect(await blobs.direct.readUrl(blob.sha256, saved))
  }
  const range = requestedRange(request, etag, blob.size)
  const { start, end } = range ?? { start: 0, end: blob.size }
  const sized = { ...headers, 'content-length': String(end - start) }
  if (range !== null) {
    const { 'content-digest': _, ...partial } = sized
    const contentRange = `bytes ${start}-${end - 1}/${blob.size}`
    const body = request.method === 'HEAD' ? noBytes() : await blobs.read(blob.sha256, range)
    return { status: 206, headers: { ...partial, 'content-range': contentRange }, body }
  }
  return {
    status: 200,
    headers: sized,
    body: request.method === 'HEAD' ? noBytes() : await blobs.read(blob.sha256),
  }
}

/** By weak comparison (RFC 9110 section 13.1.2). */
function isKnown(header: string | undefined, etag: string): boolean {
  const tags = header?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? []
  return tags.includes(etag) || tags.includes('*')
}

/** The address is as good as a key: nobody may keep it or pass it on. */
function redirect(location: string): Answer {
  const headers = { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }
  return { status: 302, headers, body: 'none' }
}

/** An empty stream, for which the framework leaves Content-Length as it is. */
function noBytes(): Readable {
  return Readable.from([])
}

function requestedRange(
  request: FastifyRequest,
  etag: string,
  size: number,
): { start: number; end: number } | null {
  const header = request.headers.range
  const condition = request.headers['if-range']
  if (header === undefined || (condition !== undefined && condition !== etag)) return null
  const match = /^bytes=(\d*)-(\d*)$/.exec(header)
  // Several ranges, or other units, may be ignored.
  if (match === null || (match[1] === '' && match[2] === '')) return null
  const suffix = match[1] === ''
  const start = suffix ? Math.max(0, size - Number(match[2])) : Number(match[1])
  const end = suffix || match[2] === '' ? size : Math.min(size, Number(match[2]) + 1)
  if (start < end && start < size) return { start, end }
  throw new TersorError('range_not_satisfiable', `the content has ${size} bytes`, {
    headers: { 'content-range': `bytes */${size}` },
  })
}

function safeName(name: string): string {
  return name.replaceAll(/[^\w.-]/g, '_').slice(0, 100) || 'file'
}
