// What this process has committed and the journal does not hold yet: lost if Redis and the process go at the same time.

import { Gauge } from 'prom-client'
import type { Registry } from 'prom-client'
import type { ServiceContext } from '#src/services/service-context'

/** 0 where records need no journal. */
export function journalMetrics({ journalLag }: ServiceContext, registry: Registry): void {
  const lag = () => (journalLag === 'none' ? null : journalLag())
  const entries = new Gauge({
    name: 'tersor_journal_lag_entries',
    help: 'Records that this process has committed and the journal does not hold yet',
    registers: [],
    collect() {
      this.set(lag()?.entries ?? 0)
    },
  })
  const seconds = new Gauge({
    name: 'tersor_journal_lag_seconds',
    help: 'Age of the oldest of them; 0 without any',
    registers: [],
    collect() {
      this.set((lag()?.milliseconds ?? 0) / 1000)
    },
  })
  registry.registerMetric(entries)
  registry.registerMetric(seconds)
}
