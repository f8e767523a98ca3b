// Runs a model with its quantizers as they are written: fused kernels may round a result to the next integer.

import { openRuntime } from '#engine/runtime/ort'
import type { RuntimeTensor } from '#engine/runtime/runtime'
import type { Model } from '#src/onnx/ir/model'
import { modelBytes } from '#src/onnx/write-model'

const runtime = openRuntime()

export type Tensors = Readonly<Record<string, RuntimeTensor>>

export async function runUnfused(model: Model, feeds: Tensors): Promise<Tensors> {
  const session = await runtime.load(modelBytes(model), {
    threads: 1,
    optimization: 'basic',
    sessionConfig: { 'session.disable_quant_qdq': '1' },
  })
  const results = await session.run(feeds)
  await session.release()
  return results
}
