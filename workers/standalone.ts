// API and worker in one process: what `npm start` runs.

import { readConfig } from '#src/config'
import { openContainer } from '#src/container'
import { runProcess } from '#src/run-process'
import { startApi } from '#src/start-api'
import { startWorker } from './start-worker.ts'

await runProcess(
  async () => {
    const container = await openContainer(readConfig(process.env))
    const stops = [() => container.close()]
    try {
      const worker = await startWorker(container, process.env)
      stops.unshift(() => worker.close())
      const api = await startApi(container)
      stops.unshift(() => api.close())
      return { ready: `Tersor is ready at ${api.address}`, stops }
    } catch (error) {
      for (const stop of stops) await stop()
      throw error
    }
  },
  (code) => process.exit(code),
)
