// Errors on the wire: application/problem+json (RFC 9457) with our code beside it.

import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { ErrorCode } from '#src/domain/errors'
import { ERRORS, TersorError } from '#src/domain/errors'

export const problem = z
  .object({
    type: z.string().describe('Identifies the kind of problem; docs/errors.md explains it.'),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.string().describe('Stable; the list may grow.'),
    errors: z.array(z.object({ pointer: z.string(), code: z.string(), detail: z.string() })),
    request_id: z.string(),
    retryable: z.boolean(),
  })
  .meta({ id: 'Problem' })

/** As bytes: a string would get a charset, which this media type does not have. */
export function problemBody(
  { code, detail, errors }: TersorError,
  request: { readonly instance: string; readonly id: string },
): Buffer {
  const { status, title, retryable } = ERRORS[code]
  const body: z.infer<typeof problem> = {
    type: `urn:tersor:error:${code}`,
    title,
    status,
    detail,
    instance: request.instance,
    code,
    errors: [...errors],
    request_id: request.id,
    retryable,
  }
  return Buffer.from(JSON.stringify(body))
}

export function sendProblem(
  request: FastifyRequest,
  reply: FastifyReply,
  error: TersorError,
): FastifyReply {
  const [path = ''] = request.url.split('?')
  return reply
    .code(ERRORS[error.code].status)
    .headers(error.headers)
    .header('content-type', 'application/problem+json')
    .send(problemBody(error, { instance: path.slice(0, 256), id: request.id }))
}

/** Any error as one of ours; what is not ours becomes `internal_error` and is logged. */
export function toTersorError(error: unknown, request: FastifyRequest): TersorError {
  if (error instanceof TersorError) return error
  const code = (error as { code?: unknown }).code
  const known = typeof code === 'string' ? FRAMEWORK_ERRORS[code] : undefined
  if (known !== undefined) return new TersorError(known.code, known.detail)
  request.log.error({ err: error }, 'a request failed on our side')
  return new TersorError(
    'internal_error',
    'something went wrong on our side; the request id tells us what',
    { cause: error },
  )
}

const FRAMEWORK_ERRORS: Readonly<
  Record<string, { readonly code: ErrorCode; readonly detail: string }>
> = {
  FST_ERR_BAD_URL: { code: 'invalid_parameter', detail: 'the path is not a valid URL' },
  FST_ERR_CTP_BODY_TOO_LARGE: {
    code: 'payload_too_large',
    detail: 'the body is larger than allowed',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'invalid_parameter',
    detail: 'Content-Length does not match the body',
  },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'unsupported_media_type',
    detail: 'Content-Type is not a media type',
  },
  FST_ERR_MAX_PARAM_LENGTH: { code: 'not_found', detail: 'no id is that long' },
  ECONNRESET: { code: 'request_timeout', detail: 'the connection ended before the body did' },
  ERR_STREAM_PREMATURE_CLOSE: {
    code: 'request_timeout',
    detail: 'the connection ended before the body did',
  },
  ENOSPC: { code: 'storage_full', detail: 'there is no space left' },
}
