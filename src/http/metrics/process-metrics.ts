// The processes of the service and the places for jobs that its workers have, as this process sees them.

import { Gauge } from 'prom-client'
import type { Collector } from './collector.ts'

export const processMetrics: Collector = ({ peers }, registry) => {
  const registers = [registry]
  const processes = new Gauge({
    name: 'tersor_processes',
    help: 'Processes by role; those that are lost went without a word',
    labelNames: ['role', 'state'],
    registers,
  })
  const places = new Gauge({
    name: 'tersor_worker_places',
    help: 'Jobs that the living workers can run at the same time',
    labelNames: ['state'],
    registers,
  })
  return async () => {
    const all = peers.all()
    for (const role of ['api', 'worker'] as const) {
      for (const state of ['alive', 'lost'] as const) {
        const those = all.filter(
          ({ record, liveness }) =>
            liveness === state && (record.worker === 'none') === (role === 'api'),
        )
        processes.set({ role, state }, those.length)
      }
    }
    const workers = all.flatMap(({ record, liveness }) =>
      liveness === 'alive' && record.worker !== 'none' ? [record.worker] : [],
    )
    const busy = workers.reduce((sum, worker) => sum + worker.busy, 0)
    const free = workers
      .filter(({ draining }) => !draining)
      .reduce((sum, worker) => sum + worker.places - worker.busy, 0)
    places.set({ state: 'busy' }, busy)
    places.set({ state: 'free' }, free)
  }
}
