// Rows 17 and 18: a worker's scratch folder, or the disk of Redis, is full for a while.

import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Fault } from '../fault.ts'
import { runUnderLoad } from '../run-under-load.ts'

const run = promisify(execFile)
const SIZE_MIB = 8
const FULL_MS = 4000

export const scratchFull: Fault = {
  row: 17,
  name: 'scratch folder of a worker full',
  times: 3,
  run: async (context) => {
    const mount = await mkdtemp(join(tmpdir(), 'tersor-small-disk-'))
    await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, 'tmpfs', mount])
    try {
      let freed = 0
      return await runUnderLoad(context, {
        cluster: {
          workers: 1,
          wire: async () => ({
            env: (role) => (role === 'worker' ? { TERSOR_DATA_DIR: mount } : {}),
            close: async () => {},
          }),
        },
        runs: 100,
        inFlight: 3,
        between: [500, 1500],
        // The disk was full: the job says so, and may be sent again.
        expect: { endings: ['succeeded', 'failed'], codes: ['storage_full'], attempts: 2 },
        strike: async () => {
          const filler = join(mount, 'filler')
          await fill(filler)
          await sleep(FULL_MS)
          await rm(filler)
          await sleep(FULL_MS)
          const { bavail, bsize } = await statfs(mount)
          freed = (bavail * bsize) / 2 ** 20
          return true
        },
        measure: async ({ history }) => {
          const failed = [...history.endings.values()].filter((seen) => seen.has('failed')).length
          return `${failed} jobs failed meanwhile; ${freed.toFixed(1)} of ${SIZE_MIB} MiB free again`
        },
      })
    } finally {
      await run('umount', ['-l', mount])
      await rm(mount, { recursive: true, force: true })
    }
  },
}

export const redisDiskFull: Fault = {
  row: 18,
  name: 'disk of Redis full',
  times: 3,
  run: async (context) => {
    const folder = await mkdtemp(join(tmpdir(), 'tersor-small-redis-'))
    await mkdir(folder, { recursive: true })
    await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB * 4}m`, 'tmpfs', folder])
    try {
      return await runUnderLoad(context, {
        cluster: { workers: 1, redis: { settings: { dir: folder } } },
        runs: 100,
        inFlight: 3,
        between: [500, 1500],
        expect: {},
        strike: async () => {
          const filler = join(folder, 'filler')
          await fill(filler)
          await sleep(FULL_MS)
          await rm(filler)
          return true
        },
        measure: async ({ history }) =>
          [...history.refusals].map(([answer, count]) => `${answer} × ${count}`).join(', '),
      })
    } finally {
      await run('umount', ['-l', folder])
      await rm(folder, { recursive: true, force: true })
    }
  },
}

/** Takes all there is. */
async function fill(path: string): Promise<void> {
  await writeFile(path, Buffer.alloc(SIZE_MIB * 4 * 2 ** 20)).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  })
}
