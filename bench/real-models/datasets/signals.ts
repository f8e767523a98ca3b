// MNIST-1D: 40 numbers each (npy files); training signals calibrate, test signals are evaluated.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LabelledData, SplitData } from './labelled-data.ts'
import { classLabels, floatTensor } from './labelled-data.ts'

const LENGTH = 40

export async function signals(folder: string, calibration: number): Promise<SplitData> {
  return { calibration: part(folder, 'train', calibration), evaluation: part(folder, 'test', 1000) }
}

function part(folder: string, name: string, count: number): LabelledData {
  const values = npyBody(join(folder, `data/mnist1d/${name}_x_f32.npy`))
  const labels = npyBody(join(folder, `data/mnist1d/${name}_y_u8.npy`))
  const copy = values.slice(0, count * LENGTH * 4)
  const data = new Float32Array(copy.buffer, copy.byteOffset, count * LENGTH)
  return {
    inputs: { input: floatTensor([count, 1, LENGTH], data) },
    labels: classLabels([...labels.subarray(0, count)]),
  }
}

/** npy 1.0: magic of 6 bytes, 2 of version, 2 of header length, header, data in C order. */
function npyBody(path: string): Uint8Array {
  const bytes = readFileSync(path)
  return new Uint8Array(bytes).subarray(10 + bytes.readUInt16LE(8))
}
