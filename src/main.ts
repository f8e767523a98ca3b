// The API alone, beside worker processes on the same Redis: what `npm run api` runs.

import { ConfigError, readConfig } from './config.ts'
import { openContainer } from './container.ts'
import { runProcess } from './run-process.ts'
import { startApi } from './start-api.ts'

await runProcess(
  async () => {
    const config = readConfig(process.env)
    if (config.sharing === 'alone') {
      throw new ConfigError([
        'TERSOR_REDIS_URL is not set: an API without a worker in it needs a Redis to share with workers; `npm start` runs both in one process',
      ])
    }
    const container = await openContainer(config, 'api')
    const api = await startApi(container).catch(async (error: unknown) => {
      await container.close()
      throw error
    })
    return {
      ready: `Tersor is ready at ${api.address}`,
      stops: [() => api.close(), () => container.close()],
    }
  },
  (code) => process.exit(code),
)
