// The API without a worker, on whatever profile the environment names: jobs are accepted and wait.

import { readConfig } from '#src/config'
import { openContainer } from '#src/container'
import { startApi } from '#src/start-api'

const container = await openContainer(readConfig(process.env), 'api')
const api = await startApi(container)
process.stdout.write(`${api.address}\n`)
process.on('SIGTERM', () => {
  void api
    .close()
    .then(() => container.close())
    .then(() => process.exit(0))
})
