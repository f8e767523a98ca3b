// Which operators exist: by domain and opset, with how many inputs and outputs they take.

import { AI_ONNX } from './ai-onnx.ts'
import { AI_ONNX_ML } from './ai-onnx-ml.ts'
import { COM_MICROSOFT } from './com-microsoft.ts'

/** Both ends included; `*` in the table is no upper end. */
export interface CountRange {
  readonly min: number
  readonly max: number
}

export interface OperatorVersion {
  readonly since: number
  readonly deprecated: boolean
  readonly inputs: CountRange
  readonly outputs: CountRange
  readonly requiredAttributes: readonly string[]
}

/** Opsets of each domain that onnxruntime 1.30 loads. The empty string is `ai.onnx`. */
export const SUPPORTED_OPSETS: Readonly<Record<string, CountRange>> = {
  '': { min: 1, max: 26 },
  'ai.onnx.ml': { min: 1, max: 5 },
  'com.microsoft': { min: 1, max: 1 },
}

/** IR versions that onnxruntime 1.30 loads. */
export const SUPPORTED_IR_VERSIONS: CountRange = { min: 1, max: 13 }

/** Operators that were in ai.onnx as experiments, or that the runtime's optimizer writes there; the runtime keeps them. */
const UNDOCUMENTED: ReadonlySet<string> = new Set([
  'Affine',
  'Crop',
  'DynamicSlice',
  'ImageScaler',
  'ParametricSoftplus',
  'Scale',
  'ScaledTanh',
  'SimplifiedLayerNormalization',
])

const NOTHING: CountRange = { min: 0, max: 0 }

const TABLES: Readonly<Record<string, ReadonlyMap<string, readonly OperatorVersion[]>>> = {
  '': parseTable(AI_ONNX),
  'ai.onnx.ml': parseTable(AI_ONNX_ML),
  'com.microsoft': parseTable(COM_MICROSOFT),
}

function parseTable(text: string): Map<string, OperatorVersion[]> {
  const table = new Map<string, OperatorVersion[]>()
  for (const line of text.trim().split('\n')) {
    const [name = '', ...cells] = line.split(' ')
    table.set(name, parseVersions(cells))
  }
  return table
}

function parseVersions(cells: readonly string[]): OperatorVersion[] {
  const versions: OperatorVersion[] = []
  for (const cell of cells) {
    const [opset = '', inputs, outputs, required] = cell.split(':')
    const before = versions.at(-1)
    const since = Math.abs(Number(opset))
    const deprecated = opset.startsWith('-')
    if (inputs === undefined || outputs === undefined) {
      versions.push({
        since,
        deprecated,
        inputs: before?.inputs ?? NOTHING,
        outputs: before?.outputs ?? NOTHING,
        requiredAttributes: before?.requiredAttributes ?? [],
      })
      continue
    }
    versions.push({
      since,
      deprecated,
      inputs: parseRange(inputs),
      outputs: parseRange(outputs),
      requiredAttributes: required?.split(',') ?? [],
    })
  }
  return versions
}

function parseRange(text: string): CountRange {
  const [min = '0', max = min] = text.split('-')
  return { min: Number(min), max: max === '*' ? Infinity : Number(max) }
}

function plainDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain
}

/** Every definition of an operator, oldest first, or `null` when its domain or name is unknown. */
export function operatorVersions(
  domain: string,
  opType: string,
): readonly OperatorVersion[] | null {
  return TABLES[plainDomain(domain)]?.get(opType) ?? null
}

/** The definition that holds in `opset`: `none` before its first, and where the operator is not in the table. */
export function operatorVersion(
  domain: string,
  opType: string,
  opset: number,
): OperatorVersion | 'none' {
  const versions = operatorVersions(domain, opType) ?? []
  return versions.findLast(({ since }) => since <= opset) ?? 'none'
}

export function isKnownDomain(domain: string): boolean {
  return plainDomain(domain) in TABLES
}

/** In ai.onnx without being in the standard, and still run by the runtime. */
export function isUndocumentedOperator(domain: string, opType: string): boolean {
  return plainDomain(domain) === '' && UNDOCUMENTED.has(opType)
}
