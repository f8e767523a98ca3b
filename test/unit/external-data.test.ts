import { expect, test } from 'vitest'
import { bufferRange } from '#src/onnx/ir/byte-range'
import { externalLocations, locationFault } from '#src/onnx/external-data'
import { encodeMessage } from '#src/onnx/proto/encode-message'
import { readModel } from '#src/onnx/read-model'
import { floatValues } from '#src/onnx/tensor-values'

test.each([
  ['/etc/passwd', 'absolute'],
  ['C:weights.bin', 'absolute'],
  ['../weights.bin', 'leaves the folder'],
  ['a/../../b', 'leaves the folder'],
  ['a\\b', 'backslash'],
  ['a\0b', 'control character'],
  ['*/_ORT_MEM_ADDR_/*', 'marker'],
  ['', 'empty'],
])('the location %j is refused: %s', (location, fault) => {
  expect(locationFault(location)).toContain(fault)
})

test.each(['weights.bin', 'sub/weights.bin', './weights..bin'])(
  '%j is a fine location',
  (location) => {
    expect(locationFault(location)).toBeNull()
  },
)

const file = bufferRange(new Uint8Array(Float32Array.of(0, 1, 2, 3).buffer))

function read(entries: Record<string, string>, found = true) {
  const external_data = Object.entries(entries).map(([key, value]) => ({ key, value }))
  const bytes = encodeMessage('ModelProto', {
    ir_version: 8n,
    graph: {
      initializer: [{ name: 'w', dims: [2n], data_type: 1, data_location: 1, external_data }],
    },
  })
  return readModel(bufferRange(bytes), { externalData: () => (found ? file : null) })
}

test('the bytes are the range of the file that the entries name', () => {
  const model = read({ location: 'w.bin', offset: '4', length: '8' })
  expect([...floatValues(model.graph.initializers.get('w')!.constant!)]).toEqual([1, 2])
  expect(externalLocations(model)).toEqual(['w.bin'])
})

test('without a length the tensor’s own size counts', () => {
  const model = read({ location: 'w.bin', offset: '8' })
  expect([...floatValues(model.graph.initializers.get('w')!.constant!)]).toEqual([2, 3])
})

test('a file that is not given leaves the tensor without bytes', () => {
  const model = read({ location: 'w.bin' }, false)
  expect(model.graph.initializers.get('w')?.constant?.storage).toMatchObject({ range: 'none' })
})

test.each([
  [{ location: '../w.bin' }, 'external_data_forbidden'],
  [{ location: 'w.bin', offset: '-4' }, 'external_data_forbidden'],
  [{ location: 'w.bin', length: '1e3' }, 'external_data_forbidden'],
  [{ location: 'w.bin', offset: '12', length: '8' }, 'invalid_initializer'],
  [{ location: 'w.bin', offset: '9007199254740991', length: '8' }, 'invalid_initializer'],
  [{ location: 'w.bin', length: '4' }, 'invalid_initializer'],
])('%j is refused as %s', (entries, code) => {
  expect(() => read(entries as Record<string, string>)).toThrow(
    expect.objectContaining({ code, where: expect.objectContaining({ tensor: 'w' }) }),
  )
})
