// `/metrics` and `/healthz` of a worker, on a port of its own and without a key: not for the outside.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { WorkerMetrics } from './worker-metrics.ts'

export interface MetricsServer {
  readonly url: string
  close(): Promise<void>
}

export async function serveMetrics(
  metrics: WorkerMetrics,
  host: string,
  port: number,
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    void answer(request.method ?? '', request.url ?? '', response)
  })

  async function answer(method: string, url: string, response: ServerResponse): Promise<void> {
    const [path = ''] = url.split('?')
    if (method !== 'GET' && method !== 'HEAD') return send(response, 405, 'GET only')
    if (path === '/healthz') {
      return send(response, 200, JSON.stringify({ status: 'ok' }), 'application/json')
    }
    if (path !== '/metrics') return send(response, 404, 'There is /metrics and /healthz')
    return send(response, 200, await metrics.text(), metrics.contentType)
  }

  server.listen({ host, port })
  await once(server, 'listening')
  const { address, family, port: actual } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function send(
  response: ServerResponse,
  status: number,
  body: string,
  type: string = 'text/plain',
): void {
  response.writeHead(status, {
    'content-type': type,
    ...(status === 405 && { allow: 'GET, HEAD' }),
  })
  response.end(body)
}
