// What may be done with an upload now.

import { TersorError } from '#src/domain/errors'
import type { UploadRecord, UploadStatus } from '#src/domain/records'
import type { Versioned } from '#src/ports/record-store'
import { getOwned } from '../owned-record.ts'
import type { ServiceContext } from '../service-context.ts'

/** The status as of now: time runs out before the sweeper comes by. */
export function currentStatus(
  upload: UploadRecord,
  { clock }: Pick<ServiceContext, 'clock'>,
): UploadStatus {
  const over = clock.now() >= Date.parse(upload.expires_at)
  const waits = upload.status === 'pending' || upload.status === 'completed'
  return over && waits && upload.used_by === null ? 'expired' : upload.status
}

/** @throws TersorError not_found, upload_expired */
export async function getLiveUpload(
  context: ServiceContext,
  tenant: string,
  id: string,
): Promise<Versioned<UploadRecord>> {
  const found = await getOwned(context.records, 'upload', tenant, id)
  if (currentStatus(found.record, context) !== 'expired') return found
  throw new TersorError('upload_expired', `the upload expired at ${found.record.expires_at}`)
}

/** @throws TersorError not_found, upload_expired, upload_not_pending */
export async function getPendingUpload(
  context: ServiceContext,
  tenant: string,
  id: string,
): Promise<Versioned<UploadRecord>> {
  const found = await getLiveUpload(context, tenant, id)
  if (found.record.status === 'pending') return found
  throw new TersorError('upload_not_pending', `the upload is ${found.record.status}`)
}
