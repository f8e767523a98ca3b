// API, two workers, Redis and S3 each at an address of its own; the link of a worker is cut and restored.

import { setTimeout as sleep } from 'node:timers/promises'
import { startSwiftServer } from '#test/support/servers/swift-server'
import { createTestBucket } from '#test/support/test-s3'
import type { Fault } from '../fault.ts'
import { openNetwork } from '../hosts.ts'
import { runUnderLoad } from '../run-under-load.ts'

/** Longer than a lease: the job runs elsewhere meanwhile. */
const APART_MS = 15_000
const HOSTS = ['api', 'one', 'two']

export const severalHosts: Fault = {
  row: 29,
  name: 'several hosts, the link of a worker cut and restored',
  times: 4,
  run: async (context) => {
    const network = await openNetwork(HOSTS, 3)
    const [api, ...workers] = network.hosts
    const [gateway, redisAddress, s3Address] = network.servers
    const swift = await startSwiftServer({ host: s3Address! })
    const { bucket } = context.s3
    try {
      await createTestBucket({ ...swift, region: 'us-east-1', bucket })
      const hostOf = (role: string, index: number) => (role === 'api' ? api! : workers[index]!)
      return await runUnderLoad(
        { ...context, s3: { ...swift, bucket } },
        {
          cluster: {
            apis: 1,
            workers: 2,
            redis: { host: redisAddress! },
            receiverHost: gateway!,
            launcher: (role, index) => hostOf(role, index).launcher,
            wire: async () => ({
              env: (role, index) => ({
                TERSOR_HOST: hostOf(role, index).address,
                TERSOR_WEBHOOK_ALLOW: network.cidr,
              }),
              close: async () => {},
            }),
          },
          runs: 1000,
          inFlight: 4,
          between: [500, 2500],
          expect: {},
          strike: async (cluster, { random }) => {
            const index = random.integer(0, workers.length - 1)
            const hit = (await cluster.workers[index]!.descendants()).length > 0
            await workers[index]!.cut()
            await sleep(APART_MS)
            await workers[index]!.restore()
            return hit
          },
        },
      )
    } finally {
      await swift.close()
      await network.close()
    }
  },
}
