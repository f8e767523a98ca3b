// The drivers of RecordJournal.

import type { RecordJournal } from '#src/ports/record-journal'
import { openFsJournal } from './fs.ts'
import { openMemoryJournal } from './memory.ts'
import { openS3Journal } from './s3.ts'

export const JOURNAL_DRIVERS = {
  memory: openMemoryJournal,
  s3: openS3Journal,
  fs: openFsJournal,
} as const satisfies Record<string, (options: never) => Promise<RecordJournal>>
