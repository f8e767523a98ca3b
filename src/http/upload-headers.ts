// What a client says of an upload before its bytes: length and digest.

import type { FastifyRequest } from 'fastify'
import { TersorError } from '#src/domain/errors'

/** `null` where the length is not declared. */
export function declaredLength(request: FastifyRequest): number | null {
  const header = request.headers['content-length']
  return header === undefined ? null : Number(header)
}

/** Refuses before the bytes are read where the length is declared. @throws TersorError payload_too_large */
export function checkDeclaredLength(request: FastifyRequest, maxBytes: number): void {
  const declared = declaredLength(request) ?? 0
  if (declared <= maxBytes) return
  throw new TersorError(
    'payload_too_large',
    `${declared} bytes are more than the ${maxBytes} allowed`,
    { headers: { connection: 'close' } },
  )
}

/** The SHA-256 of Content-Digest (RFC 9530) in hex; `null` without one. @throws TersorError invalid_parameter */
export function declaredSha256(request: FastifyRequest): string | null {
  const header = request.headers['content-digest']
  if (header === undefined) return null
  const digest = /(?:^|, *)sha-256=:([A-Za-z0-9+/=]+):/.exec(String(header))?.[1]
  const bytes = digest === undefined ? null : Buffer.from(digest, 'base64')
  if (bytes?.length === 32) return bytes.toString('hex')
  throw new TersorError(
    'invalid_parameter',
    'Content-Digest must be sha-256=:…: with 32 bytes in base64',
  )
}
