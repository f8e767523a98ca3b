// npz files for tests.

import { makeZip } from './make-zip.ts'

export interface NpyArray {
  /** numpy's type string, such as `<f4`. */
  readonly descr: string
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
}

export function float32Array(
  shape: readonly number[],
  values: readonly number[] | Float32Array,
): NpyArray {
  return { descr: '<f4', shape, bytes: new Uint8Array(Float32Array.from(values).buffer) }
}

export function int64Array(shape: readonly number[], values: readonly number[]): NpyArray {
  return { descr: '<i8', shape, bytes: new Uint8Array(BigInt64Array.from(values, BigInt).buffer) }
}

export function makeNpy({ descr, shape, bytes }: NpyArray): Buffer {
  const tuple = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  let header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${tuple}), }`
  header = `${header.padEnd(Math.ceil((10 + header.length + 1) / 64) * 64 - 11)}\n`
  const start = Buffer.from('\x93NUMPY\x01\x00\0\0', 'latin1')
  start.writeUInt16LE(header.length, 8)
  return Buffer.concat([start, Buffer.from(header, 'latin1'), bytes])
}

export function makeNpz(arrays: Readonly<Record<string, NpyArray>>, deflate = false): Buffer {
  return makeZip(
    Object.entries(arrays).map(([name, array]) => ({
      name: `${name}.npy`,
      body: makeNpy(array),
      deflate,
    })),
  )
}
