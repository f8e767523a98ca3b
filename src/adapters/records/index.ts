// The drivers of RecordStore.

import type { RecordStore } from '#src/ports/record-store'
import { openJournaledRecords } from './journaled.ts'
import { openMemoryRecords } from './memory.ts'
import { openRedisRecords } from './redis.ts'
import { openSqliteRecords } from './sqlite.ts'

export const RECORD_DRIVERS = {
  memory: openMemoryRecords,
  /** Redis with a journal in another store. */
  journaled: openJournaledRecords,
  redis: openRedisRecords,
  sqlite: openSqliteRecords,
} as const satisfies Record<string, (options: never) => Promise<RecordStore>>
