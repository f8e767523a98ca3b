// Models: upload, look up, delete.

import { buffer } from 'node:stream/consumers'
import { TersorError } from '#src/domain/errors'
import { newId } from '#src/domain/id'
import type { BlobKey, ModelRecord } from '#src/domain/records'
import { timestamp } from '#src/ports/clock'
import type { Write } from '#src/ports/record-store'
import { examineModel } from './examine-model.ts'
import type { Page, PageRequest } from './list-page.ts'
import { listPage } from './list-page.ts'
import type { BytesSource } from './new-bytes.ts'
import { commitNewBytes, withNewBytes } from './new-bytes.ts'
import { getOwned } from './owned-record.ts'
import { withBlobFile } from './scratch-file.ts'
import { listedSteps } from '#src/recipes/listed-steps'
import { otherModelsOf } from '#src/recipes/step'
import type { ServiceContext } from './service-context.ts'
import { unfinishedJobs } from './unfinished-jobs.ts'

export interface NewModel {
  readonly name: string
  readonly metadata: Readonly<Record<string, string>>
  /** `detect`: by the first bytes. */
  readonly container: ModelRecord['container'] | 'detect'
  readonly source: BytesSource
}

/**
 * `alongside`: further writes of the same commit.
 * @throws TersorError when the bytes are no model that can be worked with; nothing is kept then
 */
export async function createModel(
  context: ServiceContext,
  tenant: string,
  model: NewModel,
  alongside: (made: ModelRecord) => Promise<readonly Write[]> = async () => [],
): Promise<ModelRecord> {
  return await withNewBytes(context, tenant, 'model', model.source, async (blob, markUsed) => {
    const container =
      model.container === 'detect' ? await detectContainer(context, blob.key) : model.container
    const filename = container === 'zip' ? 'model.zip' : 'model.onnx'
    const { graph, support } = await withBlobFile(context, blob.key, filename, (path, folder) =>
      examineModel(path, container, folder),
    )
    const record: ModelRecord = {
      id: newId('model', context.clock.now()),
      tenant,
      name: model.name,
      container,
      size_bytes: blob.size,
      sha256: blob.key,
      created_at: timestamp(context.clock),
      metadata: model.metadata,
      graph,
      support,
    }
    await commitNewBytes(context, blob, [
      { op: 'insert', collection: 'model', record },
      ...markUsed(record.id),
      ...(await alongside(record)),
    ])
    return record
  })
}

/** The signature of a zip file's first entry; no protobuf message of ONNX begins like this. */
const ZIP_START = Buffer.from('PK\u0003\u0004')

async function detectContainer(
  { blobs }: ServiceContext,
  key: BlobKey,
): Promise<ModelRecord['container']> {
  const start = await buffer(await blobs.read(key, { start: 0, end: ZIP_START.length }))
  return start.equals(ZIP_START) ? 'zip' : 'onnx'
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
    if (job.model !== id && !listedSteps(job.spec).flatMap(otherModelsOf).includes(id)) continue
    throw new TersorError('in_use', `job ${job.id} has not finished and needs this model`)
  }
  await context.records.commit([{ op: 'delete', collection: 'model', id }])
  await context.pins.dropUnused(context.blobs, context.records, record.sha256)
}
