// ‖X·D‖² from XᵀX alone: the sum over all elements of (G·D)∘D. What quantizing a weight costs at a layer's output, in one matrix product.

import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'
import type { Runtime, RuntimeSession } from '../../runtime/runtime.ts'

const QUADRATIC = `<ir_version: 8, opset_import: ["" : 17]>
  norm (float[K, K] g, float[K, N] d) => (float y)
  { p = MatMul(g, d)  q = Mul(p, d)  y = ReduceSum<keepdims = 0>(q) }`

export class GramNorm {
  readonly #session: RuntimeSession

  private constructor(session: RuntimeSession) {
    this.#session = session
  }

  static async open(runtime: Runtime, threads: number): Promise<GramNorm> {
    const bytes = modelBytes(parseModel(QUADRATIC))
    return new GramNorm(await runtime.load(bytes, { threads, optimization: 'all' }))
  }

  /** `gram`: [size, size]; `matrix`: [size, columns]. */
  async squared(gram: Float32Array, matrix: Float32Array, size: number): Promise<number> {
    const columns = matrix.length / size
    const { y } = await this.#session.run({
      g: { dtype: 'float32', dims: [size, size], data: gram },
      d: { dtype: 'float32', dims: [size, columns], data: matrix },
    })
    return Math.max(0, Number(y?.data[0] ?? 0))
  }

  async close(): Promise<void> {
    await this.#session.release()
  }
}
