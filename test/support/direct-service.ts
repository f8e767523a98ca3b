// The API in this process on a store with presigned URLs, or on one without: whatever the profile of the tests.

import { buildApp } from '#src/http/app'
import type { ServiceContext } from '#src/services/service-context'
import type { FakeObjectStore } from './fake-object-store.ts'
import { startFakeObjectStore } from './fake-object-store.ts'
import type { TestContainer } from './test-container.ts'
import { openTestContainer } from './test-container.ts'

export interface ApiService {
  readonly url: string
  readonly context: ServiceContext
  stop(): Promise<void>
}

export interface DirectService extends ApiService {
  readonly store: FakeObjectStore
}

export async function startDirectService(): Promise<DirectService> {
  const container = await openTestContainer()
  const store = await startFakeObjectStore(container.context.blobs)
  const service = await serve(container, store.blobs)
  return {
    ...service,
    store,
    stop: async () => {
      await service.stop()
      await store.stop()
    },
  }
}

export async function startStreamingService(): Promise<ApiService> {
  const container = await openTestContainer()
  return await serve(container, { ...container.context.blobs, direct: 'none' })
}

async function serve(
  container: TestContainer,
  blobs: ServiceContext['blobs'],
): Promise<ApiService> {
  const context = { ...container.context, blobs }
  const app = buildApp({ config: container.config, context, log: container.log })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    url,
    context,
    stop: async () => {
      app.server.closeAllConnections()
      await app.close()
      await container.remove()
    },
  }
}
