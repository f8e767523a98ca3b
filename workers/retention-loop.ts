// Clean-up by age, now and then, by one worker of all.

import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { dropExpired } from '#src/services/retention/drop-expired'
import type { RetentionRules } from '#src/services/retention/drop-expired'
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
  const round = async (): Promise<void> => {
    try {
      const dropped = await dropExpired(service, rules)
      const any = Object.values(dropped).some((count) => count > 0)
      if (any) log.info({ dropped }, 'dropped what was too old')
    } catch (error) {
      log.error({ err: error }, 'the clean-up by age failed')
    }
  }
  const running = loop()
  return {
    close: async () => {
      stop.abort()
      await running
    },
  }
}
