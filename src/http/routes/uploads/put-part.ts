import { z } from 'zod'
import { TersorError } from '#src/domain/errors'
import { putPart } from '#src/services/uploads/put-part'
import { receivedPart, receivedPartBody } from '../../representations/upload.ts'
import { route } from '../../route.ts'
import { declaredLength, declaredSha256 } from '../../upload-headers.ts'

export const putPartRoute = route({
  method: 'PUT',
  path: '/v1/uploads/{id}/parts/{part_number}',
  operationId: 'uploads_put_part',
  tag: 'uploads',
  summary: 'Send one part, where its URL is one of this API; a part sent again replaces the first',
  access: 'write',
  params: z.object({ id: z.string(), part_number: z.string().describe('Counts from 1.') }),
  query: z.strictObject({}),
  body: {
    kind: 'binary',
    mediaTypes: ['application/octet-stream'],
    anyMediaType: true,
    description: 'The bytes of the part, as many as its size_bytes says',
  },
  idempotent: false,
  responses: { 200: { description: 'What has arrived', content: receivedPart } },
  errors: [
    'not_found',
    'upload_expired',
    'upload_not_pending',
    'payload_too_large',
    'part_mismatch',
    'checksum_mismatch',
  ],
  handle: async ({ params, stream, tenant, request, context }) => {
    const part = await putPart(context.service, tenant, params.id, {
      partNumber: partNumber(params.part_number),
      body: stream,
      declaredBytes: declaredLength(request),
      expectedSha256: declaredSha256(request),
    })
    return { status: 200, headers: { etag: `"${part.sha256}"` }, body: receivedPartBody(part) }
  },
})

/** @throws TersorError not_found */
function partNumber(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text)
  throw new TersorError('not_found', 'parts have whole numbers from 1 on')
}
