// A worker alone, beside other processes on the same Redis: what `npm run worker` runs.

import { ConfigError, readConfig } from '#src/config'
import { openContainer } from '#src/container'
import { runProcess } from '#src/run-process'
import { startWorker } from './start-worker.ts'

await runProcess(
  async () => {
    const config = readConfig(process.env)
    if (config.sharing === 'alone') {
      throw new ConfigError([
        'TERSOR_REDIS_URL is not set: a worker without an API in it needs a Redis to take jobs from; `npm start` runs both in one process',
      ])
    }
    const container = await openContainer(config, 'worker')
    const worker = await startWorker(container, process.env).catch(async (error: unknown) => {
      await container.close()
      throw error
    })
    return {
      ready: `Tersor's worker ${container.context.peers.id} is ready`,
      stops: [() => worker.close(), () => container.close()],
    }
  },
  (code) => process.exit(code),
)
