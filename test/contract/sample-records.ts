// Small records for the suites of record stores.

import type { LogRecord } from '#src/domain/records'
import type { DeliveryRecord } from '#src/domain/webhook'
import type { Write } from '#src/ports/record-store'

export function logRecord(id: string, job: string, lines: readonly string[] = []): LogRecord {
  return { id, tenant: 'one', job, first: 1, lines }
}

export function insertLog(id: string, job: string, lines: readonly string[] = []): Write {
  return { op: 'insert', collection: 'log', record: logRecord(id, job, lines) }
}

export function delivery(
  id: string,
  tenant: string,
  status: DeliveryRecord['status'],
): DeliveryRecord {
  return {
    id,
    tenant,
    webhook: 'none',
    job: 'job_1',
    event: 'event_1',
    url: 'https://example.org/',
    secret: 'tenant',
    type: 'job.succeeded',
    body: '{}',
    status,
    attempts: [],
    next_attempt: 0,
    redelivery_of: null,
    created_at: '2026-01-01T00:00:00.000Z',
  }
}

export function insertDelivery(record: DeliveryRecord): Write {
  return { op: 'insert', collection: 'delivery', record }
}
