// Samples picked one by one, read chunk by chunk: as many chunks stay in memory as fit.

import type { Samples } from '../evaluate/judge.ts'
import { emptyData } from '../evaluate/tensor-data.ts'
import type { RuntimeTensor } from '../runtime/runtime.ts'
import type { ChunkPlan } from './sample-order.ts'

type Fields = Readonly<Record<string, RuntimeTensor>>

const CHUNK_BYTES = 4 * 2 ** 20
const MEMORY_BYTES = 512 * 2 ** 20

export class TrainingSamples {
  readonly count: number
  readonly plan: ChunkPlan
  readonly #samples: Samples
  /** By number, the longest unused first. */
  readonly #chunks = new Map<number, Fields>()

  private constructor(samples: Samples, plan: ChunkPlan) {
    this.count = samples.count
    this.plan = plan
    this.#samples = samples
  }

  static async open(samples: Samples, memoryBytes = MEMORY_BYTES): Promise<TrainingSamples> {
    const first = Object.values(await samples.batch(0, 1))
    const bytes = Math.max(
      1,
      first.reduce((sum, { data }) => sum + data.byteLength, 0),
    )
    const chunk = Math.max(1, Math.floor(CHUNK_BYTES / bytes))
    const resident = Math.max(1, Math.floor(memoryBytes / (chunk * bytes)))
    return new TrainingSamples(samples, { chunk, resident })
  }

  /** The fields of these samples, in this order. */
  async pick(indices: ArrayLike<number>): Promise<Fields> {
    const count = indices.length
    const picked: Record<string, RuntimeTensor> = {}
    for (let row = 0; row < count; row += 1) {
      const index = indices[row] ?? 0
      const chunk = await this.#chunk(Math.floor(index / this.plan.chunk))
      for (const [name, tensor] of Object.entries(chunk)) {
        const size = tensor.data.length / (tensor.dims[0] ?? 1)
        picked[name] ??= {
          dtype: tensor.dtype,
          dims: [count, ...tensor.dims.slice(1)],
          data: emptyData(tensor.dtype, count * size),
        }
        const start = (index % this.plan.chunk) * size
        const row_ = tensor.data.subarray(start, start + size)
        ;(picked[name].data as Float32Array).set(row_ as Float32Array, row * size)
      }
    }
    return picked
  }

  async #chunk(number: number): Promise<Fields> {
    const known = this.#chunks.get(number)
    if (known !== undefined) {
      this.#chunks.delete(number)
      this.#chunks.set(number, known)
      return known
    }
    const start = number * this.plan.chunk
    const read = await this.#samples.batch(start, Math.min(this.count, start + this.plan.chunk))
    const [oldest] = this.#chunks.keys()
    if (oldest !== undefined && this.#chunks.size >= this.plan.resident) this.#chunks.delete(oldest)
    this.#chunks.set(number, read)
    return read
  }
}
