// Where two decoded messages differ: paths such as 'graph.node[3].name'.

import type { ByteRange } from '#src/onnx/ir/byte-range'

export function differences(first: unknown, second: unknown, path = ''): string[] {
  if (Object.is(first, second)) return []
  if (isArray(first) && isArray(second)) return listDifferences(first, second, path)
  if (isRange(first) && isRange(second)) {
    return Buffer.compare(first.bytes(), second.bytes()) === 0 ? [] : [path]
  }
  if (isRecord(first) && isRecord(second)) {
    const fields = new Set([...Object.keys(first), ...Object.keys(second)])
    return [...fields].flatMap((field) =>
      differences(first[field], second[field], path === '' ? field : `${path}.${field}`),
    )
  }
  return [path]
}

function listDifferences(
  first: ArrayLike<unknown>,
  second: ArrayLike<unknown>,
  path: string,
): string[] {
  if (first.length !== second.length) return [`${path} (${first.length} and ${second.length})`]
  return Array.from(first).flatMap((item, index) =>
    differences(item, second[index], `${path}[${index}]`),
  )
}

function isArray(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView))
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isRange(value: unknown): value is ByteRange {
  return isRecord(value) && typeof value['bytes'] === 'function'
}
