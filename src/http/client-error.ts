// Answers what never became a request: broken HTTP, headers that are too large or too slow.

import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { ErrorCode } from '#src/domain/errors'
import { ERRORS, TersorError } from '#src/domain/errors'
import { newId } from '#src/domain/id'
import { problemBody } from './problem.ts'

const BY_CODE: Readonly<Record<string, { readonly code: ErrorCode; readonly detail: string }>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    code: 'request_timeout',
    detail: 'the request did not arrive in time',
  },
  HPE_HEADER_OVERFLOW: {
    code: 'header_too_large',
    detail: 'the header fields have at most 16 KiB together',
  },
}
const BROKEN = {
  code: 'malformed_request',
  detail: 'this is no HTTP/1.1 request, or its header fields contradict each other',
} as const

export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const { code, detail } = BY_CODE[error.code ?? ''] ?? BROKEN
  const id = newId('request')
  const body = problemBody(new TersorError(code, detail), { instance: '', id })
  const { status } = ERRORS[code]
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `Request-Id: ${id}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${body.byteLength}`,
    'Connection: close',
  ].join('\r\n')
  if (socket.writable) socket.write(Buffer.concat([Buffer.from(`${head}\r\n\r\n`), body]))
  socket.destroy(error)
}
