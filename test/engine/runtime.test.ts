import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openRuntime } from '#engine/runtime/ort'
import type { LoadOptions, RuntimeTensor } from '#engine/runtime/runtime'
import { RuntimeRejection } from '#engine/runtime/runtime'
import { valueTypes } from '#engine/runtime/value-types'
import type { DataType } from '#src/onnx/ir/data-type'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes } from '#src/onnx/write-model'

const PLAIN: LoadOptions = { threads: 1, optimization: 'disabled' }
const runtime = openRuntime()

function identity(word: string): Uint8Array {
  const text = `<ir_version: 10, opset_import: ["" : 21]>
    g (${word}[N] x) => (${word}[N] y) { y = Identity(x) }`
  return modelBytes(parseModel(text))
}

const TENSORS: readonly (readonly [DataType, string, RuntimeTensor['data']])[] = [
  ['float32', 'float', Float32Array.of(1.5, -2, 3)],
  ['float64', 'double', Float64Array.of(1.5, -2, 3)],
  ['float16', 'float16', Uint16Array.of(0x3c00, 0xc000, 0x4200)],
  ['int8', 'int8', Int8Array.of(-128, 0, 127)],
  ['uint8', 'uint8', Uint8Array.of(0, 128, 255)],
  ['int16', 'int16', Int16Array.of(-32768, 0, 32767)],
  ['uint16', 'uint16', Uint16Array.of(0, 1, 65535)],
  ['int32', 'int32', Int32Array.of(-1, 0, 7)],
  ['uint32', 'uint32', Uint32Array.of(0, 1, 4294967295)],
  ['int64', 'int64', BigInt64Array.of(-1n, 0n, 9007199254740993n)],
  ['uint64', 'uint64', BigUint64Array.of(0n, 1n, 18446744073709551615n)],
  ['bool', 'bool', Uint8Array.of(0, 1, 1)],
]

describe('runtime', () => {
  it.each(TENSORS)('hands %s over and back unchanged', async (dtype, word, data) => {
    const session = await runtime.load(identity(word), PLAIN)
    const { y } = await session.run({ x: { dtype, dims: [3], data } })
    expect(y).toEqual({ dtype, dims: [3], data })
    expect(session.inputs).toEqual([{ name: 'x', dtype, shape: ['N'] }])
    await session.release()
  })

  it('refuses bytes that are no model, and inputs that do not fit, as RuntimeRejection', async () => {
    await expect(runtime.load(Uint8Array.of(1, 2, 3), PLAIN)).rejects.toThrow(RuntimeRejection)
    const session = await runtime.load(identity('float'), PLAIN)
    const wrong: RuntimeTensor = { dtype: 'int32', dims: [1], data: Int32Array.of(1) }
    const failure = await session.run({ x: wrong }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(RuntimeRejection)
    expect(failure).toMatchObject({ stage: 'run' })
  })

  it.each(['bfloat16', 'int4'] as const)('hands over no %s', async (dtype) => {
    const session = await runtime.load(identity('float'), PLAIN)
    const data = dtype === 'int4' ? Uint8Array.of(0) : Uint16Array.of(0)
    const x: RuntimeTensor = { dtype, dims: [1], data }
    await expect(session.run({ x })).rejects.toThrow(RuntimeRejection)
  })

  it.each(['onnx', 'ort'] as const)('writes the optimized model as %s', async (format) => {
    const folder = mkdtempSync(join(tmpdir(), 'tersor-runtime-'))
    try {
      const path = join(folder, `model.${format}`)
      const options: LoadOptions = {
        threads: 1,
        optimization: 'basic',
        optimizedModelPath: path,
        optimizedModelFormat: format,
      }
      await (await runtime.load(identity('float'), options)).release()
      const isOrt = readFileSync(path).subarray(4, 8).toString('latin1') === 'ORTM'
      expect(isOrt).toBe(format === 'ort')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('tells dtype and symbolic shape of inner values, and leaves the model alone', async () => {
    const text = `<ir_version: 10, opset_import: ["" : 21]>
      g (float[N, 4] x) => (float[N] y) <float[4, 2] w, int64[1] axes = {1}>
      { h = MatMul(x, w)  c = Cast<to = 7>(h)  f = Cast<to = 1>(c)  y = ReduceSum<keepdims = 0>(f, axes) }`
    const filled = text.replace('float[4, 2] w', 'float[4, 2] w = {1,2,3,4,5,6,7,8}')
    const model = parseModel(filled)
    const before = modelBytes(model)
    const types = await valueTypes(runtime, model)
    expect(types.get('h')).toEqual({ name: 'h', dtype: 'float32', shape: ['N', 2] })
    expect(types.get('c')).toMatchObject({ dtype: 'int64', shape: ['N', 2] })
    expect(modelBytes(model)).toEqual(before)
  })
})
