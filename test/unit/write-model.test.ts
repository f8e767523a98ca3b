import { closeSync, fstatSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { bufferRange, fileRange } from '#src/onnx/ir/byte-range'
import { rawTensor } from '#src/onnx/ir/tensor'
import { makeTensor } from '#src/onnx/make-tensor'
import { encodeMessage } from '#src/onnx/proto/encode-message'
import { readModel } from '#src/onnx/read-model'
import { tensorBytes } from '#src/onnx/tensor-values'
import { parseModel } from '#src/onnx/text/parse-model'
import { modelBytes, modelSize, writeModel } from '#src/onnx/write-model'
import { FULL_MODEL } from './full-model.ts'

test('an untouched model is written as it was read, every field and default', () => {
  const bytes = encodeMessage('ModelProto', FULL_MODEL)
  const model = readModel(bufferRange(bytes))
  expect(Buffer.from(modelBytes(model)).equals(bytes)).toBe(true)
  expect(modelSize(model)).toBe(bytes.length)
})

test('changes are written, and nothing else changes', () => {
  const model = readModel(bufferRange(encodeMessage('ModelProto', FULL_MODEL)))
  model.producerName = 'tersor'
  const [x] = model.graph.inputs
  x!.name = 'renamed'
  model.graph.initializers.get('a')!.name = 'a2'
  const written = readModel(bufferRange(modelBytes(model)))
  expect(written.producerName).toBe('tersor')
  expect(written.graph.inputs[0]?.name).toBe('renamed')
  const [node] = [...written.graph.nodes()]
  expect(node?.inputs.map((value) => value?.name ?? null)).toEqual(['renamed', null, 'a2'])
  expect(written.graph.inputs[0]?.metadata).toEqual([['q', 'r']])
})

const weighted = () =>
  parseModel(`<ir_version: 10, opset_import: ["" : 21]> g (float[N, 64] x) => (float[N, 64] y)
    <float[64, 64] w = random(3), float[64] b = random(4)> { h = MatMul(x, w) y = Add(h, b) }`)

test('large weights are written as views, not copies', () => {
  const model = weighted()
  const bytes = tensorBytes(model.graph.initializers.get('w')!.constant!)
  const chunks = [...writeModel(model)]
  expect(chunks.some((chunk) => chunk.buffer === bytes.buffer)).toBe(true)
  expect(Buffer.concat(chunks).equals(modelBytes(model))).toBe(true)
})

test('weights above a threshold go to a file, aligned, and are found again', () => {
  const model = weighted()
  model.graph.setInitializer(
    model.graph.initializers.get('b')!,
    makeTensor(
      'b',
      'float32',
      [64],
      Array.from({ length: 64 }, () => 2),
    ),
  )
  const sunk: Uint8Array[] = []
  const sink = (chunk: Uint8Array) => void sunk.push(Uint8Array.from(chunk))
  const externalData = { location: 'w.bin', threshold: 256, sink }
  const bytes = Buffer.concat([...writeModel(model, { externalData })])
  const file = Buffer.concat(sunk)
  expect(file.length).toBe(64 * 64 * 4 + 256)
  expect(bytes.length).toBeLessThan(1000)
  const resolve = (location: string) => (location === 'w.bin' ? bufferRange(file) : null)
  const back = readModel(bufferRange(bytes), { externalData: resolve })
  for (const name of ['w', 'b']) {
    const before = tensorBytes(model.graph.initializers.get(name)!.constant!)
    const after = tensorBytes(back.graph.initializers.get(name)!.constant!)
    expect(Buffer.from(after).equals(before)).toBe(true)
  }
  expect(Buffer.from(modelBytes(back)).equals(bytes)).toBe(true)
  const inline = readModel(bufferRange(modelBytes(back, 'inline')))
  expect(inline.graph.initializers.get('w')?.constant?.storage.kind).toBe('raw')
  expect(modelSize(back, 'inline')).toBe(modelBytes(back, 'inline').length)
})

test('gaps before aligned pieces are filled with zeros', () => {
  const model = weighted()
  const page = rawTensor('b', 'uint8', [1024 * 1024], new Uint8Array(1024 * 1024).fill(9))
  model.graph.setInitializer(model.graph.initializers.get('b')!, page)
  let length = 0
  const sink = (chunk: Uint8Array) => void (length += chunk.byteLength)
  const bytes = Buffer.concat([
    ...writeModel(model, { externalData: { location: 'w.bin', threshold: 1, sink } }),
  ])
  expect(length).toBe(16384 + 1024 * 1024)
  expect(bytes.includes('16384')).toBe(true)
})

test('a file is read by range: the same bytes come out', () => {
  const bytes = modelBytes(weighted())
  const folder = mkdtempSync(join(tmpdir(), 'onnx-'))
  const path = join(folder, 'model.onnx')
  writeFileSync(path, bytes)
  const descriptor = openSync(path, 'r')
  try {
    const model = readModel(fileRange(descriptor, 0, fstatSync(descriptor).size))
    expect(model.graph.initializers.get('w')?.constant?.storage).toMatchObject({
      kind: 'raw',
      range: { resident: false, length: 16384 },
    })
    expect(Buffer.concat([...writeModel(model)]).equals(bytes)).toBe(true)
  } finally {
    closeSync(descriptor)
    rmSync(folder, { recursive: true })
  }
})
