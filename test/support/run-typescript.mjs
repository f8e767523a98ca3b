// Runs a TypeScript module of this project in a process of its own: node run-typescript.mjs FILE ARGUMENT…
// The module's `main` gets the arguments.

import { fileURLToPath } from 'node:url'
import { createViteServer } from 'vitest/node'

const [file, ...arguments_] = process.argv.slice(2)
const server = await createViteServer({
  configFile: false,
  root: fileURLToPath(new URL('../..', import.meta.url)),
  appType: 'custom',
  logLevel: 'error',
  optimizeDeps: { noDiscovery: true, include: [] },
  server: { middlewareMode: true, ws: false, watch: null },
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'] } },
})
const module = await server.ssrLoadModule(file)
await module.main(...arguments_)
await server.close()
