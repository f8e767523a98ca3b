// Reads and writes every .onnx file below the given folders (or given as files), from memory and from the open file, and
// compares bytes. Usage: npm run build && node dist/bench/round-trip.js FOLDER|FILE …

import { closeSync, fstatSync, openSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { bufferRange, fileRange } from '#src/onnx/ir/byte-range'
import { OnnxError } from '#src/onnx/onnx-error'
import { decodeMessage } from '#src/onnx/proto/decode-message'
import { readModel } from '#src/onnx/read-model'
import { modelBytes, modelSize } from '#src/onnx/write-model'
import { differences } from './message-differences.ts'

type Outcome = 'identical' | 'equal' | 'different' | 'refused' | 'failed'

interface Result {
  readonly outcome: Outcome
  readonly note: string
}

function* modelFiles(path: string): IterableIterator<string> {
  if (!statSync(path).isDirectory()) {
    yield path
    return
  }
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const child = join(path, entry.name)
    if (entry.isDirectory()) yield* modelFiles(child)
    else if (entry.name.endsWith('.onnx')) yield child
  }
}

function roundTrip(path: string): Result {
  const original = readFileSync(path)
  const model = readModel(bufferRange(original))
  const written = modelBytes(model)
  if (modelSize(model) !== written.length) return { outcome: 'different', note: 'modelSize is off' }
  const fromFile = throughFile(path)
  if (!fromFile.equals(written)) return { outcome: 'different', note: 'file and memory disagree' }
  if (original.equals(written)) return { outcome: 'identical', note: '' }
  const found = differences(
    decodeMessage('ModelProto', original),
    decodeMessage('ModelProto', written),
  )
  return found.length === 0
    ? { outcome: 'equal', note: `${original.length} → ${written.length} bytes` }
    : { outcome: 'different', note: found.slice(0, 3).join('; ') }
}

function throughFile(path: string): Buffer {
  const descriptor = openSync(path, 'r')
  try {
    return Buffer.from(modelBytes(readModel(fileRange(descriptor, 0, fstatSync(descriptor).size))))
  } finally {
    closeSync(descriptor)
  }
}

function attempt(path: string): Result {
  try {
    return roundTrip(path)
  } catch (error) {
    if (error instanceof OnnxError) {
      return { outcome: 'refused', note: `${error.code}: ${error.detail}` }
    }
    return { outcome: 'failed', note: error instanceof Error ? (error.stack ?? '') : String(error) }
  }
}

const counts: Record<Outcome, number> = {
  identical: 0,
  equal: 0,
  different: 0,
  refused: 0,
  failed: 0,
}
for (const argument of process.argv.slice(2)) {
  for (const path of modelFiles(argument)) {
    const { outcome, note } = attempt(path)
    counts[outcome] += 1
    if (outcome !== 'identical') console.log(`${outcome}  ${path}  ${note}`)
  }
}
const files = Object.values(counts).reduce((sum, count) => sum + count, 0)
console.log(
  `${files} files: ${counts.identical} byte-identical, ${counts.equal} equal after decoding`,
)
console.log(`${counts.different} different, ${counts.refused} refused, ${counts.failed} failed`)
