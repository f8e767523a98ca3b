// API and worker in one process: what `npm start` runs.

import { readConfig } from '#src/config'
import { openContainer } from '#src/container'
import { runProcess } from '#src/run-process'
import { startApi } from '#src/start-api'
import { startWorker } from './start-worker.ts'

await runProcess(
  async () => {
    const container = await openContainer(readConfig(process.env))
    const running: { close(): Promise<void> }[] = []
    const stops = [
      // Side by side: each may take TERSOR_SHUTDOWN_SECONDS.
      async () => void (await Promise.all(running.map((part) => part.close()))),
      () => container.close(),
    ]
    try {
      running.push(await startWorker(container, process.env))
      const api = await startApi(container)
      running.push(api)
      return { ready: `Tersor is ready at ${api.address}`, stops }
    } catch (error) {
      for (const stop of stops) await stop()
      throw error
    }
  },
  (code) => process.exit(code),
)
