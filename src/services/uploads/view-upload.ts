// An upload as its owner sees it: what has arrived, and where the rest goes.

import type { UploadRecord, UploadStatus } from '#src/domain/records'
import type { Page, PageRequest } from '../list-page.ts'
import { listPage } from '../list-page.ts'
import { getOwned } from '../owned-record.ts'
import type { ServiceContext } from '../service-context.ts'
import type { PartTarget } from './direct-parts.ts'
import { presignParts } from './direct-parts.ts'
import { partBytes, partCount } from './part-layout.ts'
import type { ReceivedPart } from './received-parts.ts'
import { listParts } from './received-parts.ts'
import { currentStatus } from './upload-state.ts'

export interface PartView {
  readonly partNumber: number
  readonly size: number
  /** `api`: the part's own path; `later`: there are more parts than URLs in one answer, ask again. */
  readonly target: PartTarget | 'api' | 'later'
  readonly received: ReceivedPart | null
}

export interface UploadView {
  readonly record: UploadRecord
  readonly status: UploadStatus
  /** Empty unless the upload is pending. */
  readonly parts: readonly PartView[]
}

/** @throws TersorError not_found */
export async function getUpload(
  context: ServiceContext,
  tenant: string,
  id: string,
): Promise<UploadView> {
  return await viewUpload(context, (await getOwned(context.records, 'upload', tenant, id)).record)
}

export async function listUploads(
  context: ServiceContext,
  tenant: string,
  page: PageRequest,
): Promise<Page<Omit<UploadView, 'parts'>>> {
  const { data, hasMore } = await listPage(context.records, 'upload', tenant, { tenant }, page)
  return {
    data: data.map((record) => ({ record, status: currentStatus(record, context) })),
    hasMore,
  }
}

/** URLs are made anew with every look: they live for minutes. */
export async function viewUpload(
  context: ServiceContext,
  record: UploadRecord,
): Promise<UploadView> {
  const status = currentStatus(record, context)
  if (status !== 'pending') return { record, status, parts: [] }
  const list = await listParts(context, record)
  return { record, status, parts: await viewParts(context, record, list) }
}

/** Of an upload that was just created. */
export async function viewNewUpload(
  context: ServiceContext,
  record: UploadRecord,
): Promise<UploadView> {
  return { record, status: record.status, parts: await viewParts(context, record, []) }
}

async function viewParts(
  context: ServiceContext,
  record: UploadRecord,
  list: readonly ReceivedPart[],
): Promise<readonly PartView[]> {
  const { direct } = context.blobs
  const received = new Map(list.map((part) => [part.partNumber, part]))
  const numbers = Array.from({ length: partCount(record) }, (_, index) => index + 1)
  // Sent again, a part must go the way it went first.
  const viaApi = (partNumber: number): boolean =>
    direct === 'none' || typeof received.get(partNumber)?.sha256 === 'string'
  // What is missing first, should there be too many.
  const wanted = numbers
    .filter((partNumber) => !viaApi(partNumber))
    .sort((a, b) => Number(received.has(a)) - Number(received.has(b)))
  const targets =
    direct === 'none'
      ? new Map<number, PartTarget>()
      : await presignParts(direct, context, record, wanted)
  return numbers.map((partNumber) => ({
    partNumber,
    size: partBytes(record, partNumber),
    target: viaApi(partNumber) ? 'api' : (targets.get(partNumber) ?? 'later'),
    received: received.get(partNumber) ?? null,
  }))
}
