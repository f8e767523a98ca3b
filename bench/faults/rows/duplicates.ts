// Row 21: the queue holds a job several times; it runs once.

import { openContainer } from '#src/container'
import { readConfig } from '#src/config'
import { jobEntry } from '#src/services/queue-entries'
import { join } from 'node:path'
import type { Cluster } from '../cluster.ts'
import type { Fault } from '../fault.ts'
import { runUnderLoad } from '../run-under-load.ts'

/** Other lanes of the queue: its own check for twins does not see them. */
const LANES = [1, 2, 3]

export const duplicates: Fault = {
  row: 21,
  name: 'queue entry twice and more',
  times: 10,
  run: (context) =>
    runUnderLoad(context, {
      cluster: { workers: 2 },
      runs: 500,
      inFlight: 4,
      between: [200, 800],
      expect: {},
      strike: (cluster) => repeatEntries(cluster),
    }),
}

async function repeatEntries(cluster: Cluster): Promise<boolean> {
  const env = { ...cluster.env, TERSOR_DATA_DIR: join(cluster.folder, 'twin') }
  const container = await openContainer(readConfig({ ...env, TERSOR_LOG_LEVEL: 'silent' }), 'api')
  try {
    const { queue, records } = container.context
    const active = [
      ...(await records.list('job', { where: { status: 'queued' }, limit: 10 })),
      ...(await records.list('job', { where: { status: 'running' }, limit: 10 })),
    ]
    for (const { record } of active) {
      await queue.remove('compress', record.id)
      for (const lane of LANES) {
        await queue.enqueue({ ...jobEntry(record), group: `twin ${lane}` })
      }
    }
    return active.length > 0
  } finally {
    await container.close()
  }
}
