// Clean-up by age, now and then, by one worker of all.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { collectBlobs } from '#src/services/collect-blobs'
import { dropExpired } from '#src/services/retention/drop-expired'
import type { RetentionRules } from '#src/services/retention/drop-expired'
import { sweepUploads } from '#src/services/uploads/sweep-uploads'
import type { ServiceContext } from '#src/services/service-context'

const ROUND_MS = 10 * 60_000
/** Lets a process that has just started do its work first. */
const FIRST_ROUND_MS = 60_000

export interface RetentionLoop {
  /** Resolves when the round that runs is over. */
  close(): Promise<void>
}

export function startRetention(
  service: ServiceContext,
  rules: RetentionRules,
  log: Logger,
): RetentionLoop {
  const stop = new AbortController()
  const loop = async (): Promise<void> => {
    let wait = FIRST_ROUND_MS
    for (;;) {
      await sleep(wait, undefined, { signal: stop.signal }).catch(() => undefined)
      if (stop.signal.aborted) return
      wait = ROUND_MS
      if (service.peers.isFirstWorker()) await round()
    }
  }
  const part = async (name: string, work: () => Promise<object | void>): Promise<void> => {
    try {
      const dropped = (await work()) ?? {}
      if (Object.values(dropped).some((count) => count !== 0)) {
        log.info({ dropped }, `${name}: dropped what was too old`)
      }
    } catch (error) {
      log.error({ err: error }, `${name}: the clean-up by age failed`)
    }
  }
  const round = async (): Promise<void> => {
    await part('records', () => dropExpired(service, rules))
    await part('uploads', () => sweepUploads(service))
    // Last: what the others let go of is no longer named by a record.
    await part('blobs', () => collectBlobs(service))
  }
  const running = loop()
  return {
    close: async () => {
      stop.abort()
      await running
    },
  }
}
