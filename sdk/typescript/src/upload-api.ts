// The calls about uploads that several files here make.

import type { Client } from 'openapi-fetch'
import type { Upload } from './index.ts'
import type { RetryOptions } from './retry.ts'
import { withRetries } from './retry.ts'
import type { paths } from './schema.ts'

export interface UploadApi {
  readonly client: Client<paths>
  readonly baseUrl: string
  readonly apiKey: string | undefined
}

export async function getUpload(
  { client }: UploadApi,
  id: string,
  retry: RetryOptions,
): Promise<Upload> {
  const { data } = await withRetries(retry, () =>
    client.GET('/v1/uploads/{id}', { params: { path: { id } } }),
  )
  return data as Upload
}
