// The stores of the profile under test in a folder of their own, for tests of services, http and workers.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '#src/config'
import { openContainer } from '#src/container'
import type { Container } from '#src/container'
import { credentialsEnv, profileEnv } from './profile.ts'

export interface TestContainer extends Container {
  /** Closes it and removes its folder. */
  remove(): Promise<void>
}

/** Further variables of docs/config.md override the defaults: a free port and no logs. */
export async function openTestContainer(
  env: Readonly<Record<string, string>> = {},
): Promise<TestContainer> {
  const folder = await mkdtemp(join(tmpdir(), 'tersor-test-'))
  Object.assign(process.env, credentialsEnv())
  const dataDir = join(folder, 'data')
  const config = readConfig({
    TERSOR_DATA_DIR: dataDir,
    TERSOR_PORT: '0',
    TERSOR_LOG_LEVEL: 'silent',
    ...profileEnv(dataDir),
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
