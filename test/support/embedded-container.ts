// The embedded profile in a folder of its own, for tests of services, http and workers.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '#src/config'
import { openContainer } from '#src/container'
import type { Container } from '#src/container'

export interface TestContainer extends Container {
  /** Closes it and removes its folder. */
  remove(): Promise<void>
}

/** Further variables of docs/config.md override the defaults: a free port and no logs. */
export async function openTestContainer(
  env: Readonly<Record<string, string>> = {},
): Promise<TestContainer> {
  const folder = await mkdtemp(join(tmpdir(), 'tersor-test-'))
  const config = readConfig({
    TERSOR_DATA_DIR: join(folder, 'data'),
    TERSOR_PORT: '0',
    TERSOR_LOG_LEVEL: 'silent',
    ...env,
  })
  const container = await openContainer(config)
  return {
    ...container,
    async remove() {
      await container.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
