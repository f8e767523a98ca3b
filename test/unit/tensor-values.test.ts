import { expect, test } from 'vitest'
import type { DataType } from '#src/onnx/ir/data-type'
import type { Tensor, TensorStorage } from '#src/onnx/ir/tensor'
import { rawTensor, typedTensor } from '#src/onnx/ir/tensor'
import { makeTensor } from '#src/onnx/make-tensor'
import { packElements, unpackSigned } from '#src/onnx/sub-byte'
import {
  bigintValues,
  elements,
  floatValues,
  intValues,
  stringValues,
  tensorBytes,
} from '#src/onnx/tensor-values'

const stored = (dtype: DataType, dims: number[], storage: TensorStorage): Tensor => ({
  kind: 'tensor',
  name: 't',
  dtype,
  dims,
  storage,
})

test.each<[DataType, number[]]>([
  ['float32', [1.5, -2, 0]],
  ['float64', [1.5, -2, 0]],
  ['float16', [1.5, -2, 0]],
  ['bfloat16', [1.5, -2, 0]],
  ['float8e5m2', [1.5, -2, 0]],
  ['float4e2m1', [1.5, -2, 0]],
  ['int8', [-128, 127, 0]],
  ['uint8', [0, 255, 1]],
  ['int16', [-32768, 32767, 0]],
  ['uint16', [0, 65535, 1]],
  ['int32', [-5, 7, 0]],
  ['uint32', [0, 7, 9]],
  ['int64', [-5, 7, 0]],
  ['uint64', [5, 7, 0]],
  ['int4', [-8, 7, -1]],
  ['uint4', [0, 15, 9]],
  ['int2', [-2, 1, -1]],
  ['uint2', [0, 3, 2]],
  ['bool', [0, 1, 1]],
])('%s values come back as float32', (dtype, values) => {
  expect([...floatValues(makeTensor('t', dtype, [3], values))]).toEqual(values)
})

test('aligned bytes in memory are viewed, not copied', () => {
  const values = Float32Array.of(1, 2, 3)
  const tensor = typedTensor('t', 'float32', [3], values)
  expect(floatValues(tensor).buffer).toBe(values.buffer)
  expect(tensorBytes(tensor).buffer).toBe(values.buffer)
})

test('bytes at an odd offset are read all the same', () => {
  const bytes = new Uint8Array(9)
  bytes.set(new Uint8Array(Float32Array.of(1, 2).buffer), 1)
  expect([...floatValues(rawTensor('t', 'float32', [2], bytes.subarray(1)))]).toEqual([1, 2])
})

test.each<[DataType, TensorStorage, number[]]>([
  ['float16', { kind: 'int32_data', values: Int32Array.of(0x3c00, 0xc000) }, [1, -2]],
  ['int8', { kind: 'int32_data', values: Int32Array.of(-1, 5) }, [-1, 5]],
  ['bool', { kind: 'int32_data', values: Int32Array.of(1, 0) }, [1, 0]],
  ['uint16', { kind: 'int32_data', values: Int32Array.of(65535, 1) }, [65535, 1]],
  ['int4', { kind: 'int32_data', values: Int32Array.of(0x7f) }, [-1, 7]],
  ['float32', { kind: 'float_data', values: Float32Array.of(1, 2) }, [1, 2]],
  ['float64', { kind: 'double_data', values: Float64Array.of(1, 2) }, [1, 2]],
  ['uint32', { kind: 'uint64_data', values: BigUint64Array.of(1n, 2n) }, [1, 2]],
  ['int64', { kind: 'int64_data', values: BigInt64Array.of(1n, -2n) }, [1, -2]],
])('%s in a data field reads like raw bytes', (dtype, storage, values) => {
  const tensor = stored(dtype, [2], storage)
  expect([...floatValues(tensor)]).toEqual(values)
  const raw = rawTensor('t', dtype, [2], tensorBytes(tensor))
  expect(elements(raw)).toEqual(elements(tensor))
})

test('whole numbers are exact as bigint, and a float is not taken for one', () => {
  const tensor = stored('int64', [1], {
    kind: 'int64_data',
    values: BigInt64Array.of(2n ** 60n + 1n),
  })
  expect(bigintValues(tensor)).toEqual([2n ** 60n + 1n])
  expect(intValues(makeTensor('t', 'int4', [3], [-8, 7, 1]))).toEqual([-8, 7, 1])
  expect(() => intValues(makeTensor('t', 'float32', [1], [1]))).toThrow(
    expect.objectContaining({ code: 'invalid_initializer' }),
  )
})

test('sub-byte elements lie low bits first', () => {
  expect([...packElements([1, 2, 3], 4)]).toEqual([0x21, 0x03])
  expect([...packElements([1, 2, 3, 0, 1], 2)]).toEqual([0b00111001, 1])
  expect([...unpackSigned(Uint8Array.of(0x8f), 2, 4)]).toEqual([-1, -8])
})

test('strings are decoded; an absent external file is named', () => {
  const values = [new TextEncoder().encode('é')]
  expect(stringValues(stored('string', [1], { kind: 'string_data', values }))).toEqual(['é'])
  const entries = [['location', 'w.bin']] as const
  const external = stored('float32', [1], { kind: 'external', entries, range: 'none' })
  expect(() => floatValues(external)).toThrow(
    expect.objectContaining({
      code: 'external_data_missing',
      where: { tensor: 't', location: 'w.bin' },
    }),
  )
})
