// Models: upload, look up, delete.

import { TersorError } from '#src/domain/errors'
import { newId } from '#src/domain/id'
import type { ModelRecord } from '#src/domain/records'
import { timestamp } from '#src/ports/clock'
import { examineModel } from './examine-model.ts'
import type { Page, PageRequest } from './list-page.ts'
import { listPage } from './list-page.ts'
import { getOwned } from './owned-record.ts'
import { withBlobFile } from './scratch-file.ts'
import type { ServiceContext } from './service-context.ts'
import { blobIsThere, storeUpload } from './store-upload.ts'
import { unfinishedJobs } from './unfinished-jobs.ts'

export interface NewModel {
  readonly name: string
  readonly metadata: Readonly<Record<string, string>>
  readonly container: ModelRecord['container']
  readonly body: AsyncIterable<Uint8Array>
  readonly expectedSha256: string | null
}

/** @throws TersorError when the bytes are no model that can be worked with; nothing is kept then */
export async function createModel(
  context: ServiceContext,
  tenant: string,
  model: NewModel,
): Promise<ModelRecord> {
  const upload = { ...model, maxBytes: context.options.maxModelBytes }
  return await storeUpload(context, upload, async (blob) => {
    const filename = model.container === 'zip' ? 'model.zip' : 'model.onnx'
    const { graph, support } = await withBlobFile(context, blob.key, filename, (path, folder) =>
      examineModel(path, model.container, folder),
    )
    const record: ModelRecord = {
      id: newId('model', context.clock.now()),
      tenant,
      name: model.name,
      container: model.container,
      size_bytes: blob.size,
      sha256: blob.key,
      created_at: timestamp(context.clock),
      metadata: model.metadata,
      graph,
      support,
    }
    await context.records.commit([{ op: 'insert', collection: 'model', record }])
    await blobIsThere(context, blob.key)
    return record
  })
}

export async function getModel(
  context: ServiceContext,
  tenant: string,
  id: string,
): Promise<ModelRecord> {
  return (await getOwned(context.records, 'model', tenant, id)).record
}

export async function listModels(
  context: ServiceContext,
  tenant: string,
  page: PageRequest,
): Promise<Page<ModelRecord>> {
  return await listPage(context.records, 'model', tenant, { tenant }, page)
}

/** @throws TersorError not_found, in_use */
export async function deleteModel(
  context: ServiceContext,
  tenant: string,
  id: string,
): Promise<void> {
  const { record } = await getOwned(context.records, 'model', tenant, id)
  for await (const job of unfinishedJobs(context.records, tenant)) {
    if (job.model !== id) continue
    throw new TersorError('in_use', `job ${job.id} has not finished and needs this model`)
  }
  await context.records.commit([{ op: 'delete', collection: 'model', id }])
  await context.pins.dropUnused(context.blobs, context.records, record.sha256)
}
