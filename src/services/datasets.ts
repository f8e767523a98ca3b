// Datasets: upload, look up, delete.

import { describeDataset } from '#src/datasets/describe-dataset'
import { TersorError } from '#src/domain/errors'
import { newId } from '#src/domain/id'
import type { DatasetRecord } from '#src/domain/records'
import { timestamp } from '#src/ports/clock'
import type { Write } from '#src/ports/record-store'
import type { ImagePreprocess } from '#src/recipes/image-preprocess'
import { imagePreprocess } from '#src/recipes/image-preprocess'
import type { Page, PageRequest } from './list-page.ts'
import { listPage } from './list-page.ts'
import type { BytesSource } from './new-bytes.ts'
import { commitNewBytes, withNewBytes } from './new-bytes.ts'
import { getOwned } from './owned-record.ts'
import { withBlobFile } from './scratch-file.ts'
import type { ServiceContext } from './service-context.ts'
import { unfinishedJobs } from './unfinished-jobs.ts'

export interface NewDataset {
  readonly name: string
  readonly metadata: Readonly<Record<string, string>>
  readonly format: DatasetRecord['format']
  readonly preprocess: ImagePreprocess | null
  readonly source: BytesSource
}

const FILENAMES = {
  npz: 'dataset.npz',
  safetensors: 'dataset.safetensors',
  images: 'dataset.zip',
} as const

/**
 * `alongside`: further writes of the same commit.
 * @throws TersorError when the bytes are no such dataset; nothing is kept then
 */
export async function createDataset(
  context: ServiceContext,
  tenant: string,
  dataset: NewDataset,
  alongside: (made: DatasetRecord) => Promise<readonly Write[]> = async () => [],
): Promise<DatasetRecord> {
  const { format, preprocess, source } = dataset
  return await withNewBytes(context, tenant, 'dataset', source, async (blob, markUsed) => {
    const description = await withBlobFile(context, blob.key, FILENAMES[format], (path) =>
      describeDataset(path, format, preprocess ?? imagePreprocess.parse({})),
    )
    if (description.samples === 0) {
      throw new TersorError('dataset_unusable', 'the dataset has no samples')
    }
    const record: DatasetRecord = {
      id: newId('dataset', context.clock.now()),
      tenant,
      name: dataset.name,
      format,
      samples: description.samples,
      fields: description.fields,
      classes: description.classes,
      preprocess,
      size_bytes: blob.size,
      sha256: blob.key,
      created_at: timestamp(context.clock),
      metadata: dataset.metadata,
    }
    await commitNewBytes(context, blob, [
      { op: 'insert', collection: 'dataset', record },
      ...markUsed(record.id),
      ...(await alongside(record)),
    ])
    return record
  })
}

export async function getDataset(
  context: ServiceContext,
  tenant: string,
  id: string,
): Promise<DatasetRecord> {
  return (await getOwned(context.records, 'dataset', tenant, id)).record
}

export async function listDatasets(
  context: ServiceContext,
  tenant: string,
  page: PageRequest,
): Promise<Page<DatasetRecord>> {
  return await listPage(context.records, 'dataset', tenant, { tenant }, page)
}

/** @throws TersorError not_found, in_use */
export async function deleteDataset(
  context: ServiceContext,
  tenant: string,
  id: string,
): Promise<void> {
  const { record } = await getOwned(context.records, 'dataset', tenant, id)
  for await (const job of unfinishedJobs(context.records, tenant)) {
    if (!Object.values(job.spec.datasets).includes(id)) continue
    throw new TersorError('in_use', `job ${job.id} has not finished and needs this dataset`)
  }
  await context.records.commit([{ op: 'delete', collection: 'dataset', id }])
  await context.pins.dropUnused(context.blobs, context.records, record.sha256)
}
