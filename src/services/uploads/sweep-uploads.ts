// Uploads whose time is over: their bytes go at once, their records a week later, so that a late client learns why.

import type { UploadRecord, UploadStatus } from '#src/domain/records'
import { UPLOAD_STATUSES } from '#src/domain/records'
import type { Versioned } from '#src/ports/record-store'
import type { ServiceContext } from '../service-context.ts'
import { dropParts } from './drop-parts.ts'
import { dropAllParts } from './received-parts.ts'
import { currentStatus } from './upload-state.ts'

const BATCH = 100
/** After the expiry. */
const RECORD_KEPT_MS = 7 * 24 * 3600 * 1000

/** Safe in several processes at once. An upload that cannot be swept keeps none of the others from it; then it throws. */
export async function sweepUploads(context: ServiceContext): Promise<void> {
  const errors: unknown[] = []
  for (const status of UPLOAD_STATUSES) {
    await each(context, status, async (found) => {
      try {
        await expireWhenOver(context, found)
        if (status !== 'pending') await finish(context, found)
      } catch (error) {
        errors.push(error)
      }
    })
  }
  if (errors.length > 0) throw new AggregateError(errors, 'some uploads could not be swept')
}

type Sweep = (context: ServiceContext, found: Versioned<UploadRecord>) => Promise<void>

async function each(
  context: ServiceContext,
  status: UploadStatus,
  sweep: (found: Versioned<UploadRecord>) => Promise<void>,
): Promise<void> {
  let last = ''
  for (;;) {
    const found = await context.records.list('upload', {
      where: { status },
      order: 'ascending',
      ...(last === '' ? {} : { greaterThan: last }),
      limit: BATCH,
    })
    for (const one of found) await sweep(one)
    if (found.length < BATCH) return
    last = found.at(-1)!.record.id
  }
}

const expireWhenOver: Sweep = async (context, { record, version }) => {
  if (currentStatus(record, context) !== 'expired') return
  const { blobs, records, pins } = context
  const expired: UploadRecord = { ...record, status: 'expired', blob: null }
  const done = await records.commit([
    { op: 'update', collection: 'upload', record: expired, version },
  ])
  // Completed or canceled at this moment: the next round sees to it.
  if (!done) return
  await dropParts(context, expired)
  if (record.blob !== null) await pins.dropUnused(blobs, records, record.blob)
}

/** Drops parts that a crash left, and after its time the record. */
const finish: Sweep = async (context, { record }) => {
  if (currentStatus(record, context) !== record.status) return
  if (record.parts === 'kept') await dropParts(context, record)
  if (context.clock.now() < Date.parse(record.expires_at) + RECORD_KEPT_MS) return
  // A part may have come in after the others went.
  await dropAllParts(context, record)
  await context.records.commit([{ op: 'delete', collection: 'upload', id: record.id }])
}
