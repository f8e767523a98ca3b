// The drivers of RecordStore.

import type { RecordStore } from '#src/ports/record-store'
import { openMemoryRecords } from './memory.ts'
import { openSqliteRecords } from './sqlite.ts'

export const RECORD_DRIVERS = {
  memory: openMemoryRecords,
  sqlite: openSqliteRecords,
} as const satisfies Record<string, (options: never) => Promise<RecordStore>>
