// The drivers of ProgressFeed.

import type { ProgressFeed } from '#src/ports/progress-feed'
import { openMemoryFeed } from './memory.ts'
import { openRedisFeed } from './redis.ts'

export const FEED_DRIVERS = {
  memory: openMemoryFeed,
  redis: openRedisFeed,
} as const satisfies Record<string, (options: never) => Promise<ProgressFeed>>
