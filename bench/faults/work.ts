// The jobs of fault runs: one that is over at once, one that runs for some seconds.

import { parseModel } from '#src/onnx/text/parse-model'
import { writeModel } from '#src/onnx/write-model'
import type { Cluster } from './cluster.ts'
import type { FaultClient } from './client.ts'

const SMALL = `
  <ir_version: 10, opset_import: ["" : 17], producer_name: "tersor-bench">
  product (float[batch, 16] x) => (float[batch, 4] y)
  <float[16, 4] w = {${Array.from({ length: 64 }, (_, index) => (index % 7) / 8).join(', ')}}>
  { y = MatMul (x, w) }
`

export function smallModel(): Uint8Array {
  return Buffer.concat([...writeModel(parseModel(SMALL))])
}

export async function uploadSmallModel(client: FaultClient): Promise<string> {
  const reply = await client.persist(60_000, 'POST', '/v1/models?name=small', smallModel())
  if (reply.status !== 201) throw new Error(`the model: ${reply.status} ${reply.text}`)
  return (JSON.parse(reply.text) as { readonly id: string }).id
}

let seeds = 0

/** Another seed each: none is answered from an earlier one. `runs` inferences are timed; some 10 000 take a second. */
export function jobBody(cluster: Cluster, model: string, runs = 5): object {
  return {
    model,
    seed: (seeds += 1),
    steps: [{ type: 'quantize', method: 'dynamic' }],
    evaluation: { task: 'none', latency: { runs } },
    webhook: { url: cluster.receiver.url, secret: cluster.receiver.secret },
  }
}
