// The drivers of RecordStore.

import type { RecordStore } from '#src/ports/record-store'
import { openMemoryRecords } from './memory.ts'
import { openRedisRecords } from './redis.ts'
import { openSqliteRecords } from './sqlite.ts'

export const RECORD_DRIVERS = {
  memory: openMemoryRecords,
  redis: openRedisRecords,
  sqlite: openSqliteRecords,
} as const satisfies Record<string, (options: never) => Promise<RecordStore>>
