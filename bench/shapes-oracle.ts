// Compares inferred types with onnxruntime's, value by value:  node dist/bench/shapes-oracle.js [--run[=2,3,64,96]] [--all] FOLDER...
// Prints per file: values, equal, more precise, unknown here but known there, contradictions (must be 0). --run runs each
// model on the inputs beside it (test_data_set_0) or on made-up ones and compares the shapes computed.

import { closeSync, fstatSync, openSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileRange } from '#src/onnx/ir/byte-range'
import type { Model } from '#src/onnx/ir/model'
import { readModel } from '#src/onnx/read-model'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import type { Comparison } from '#test/engine/shapes-oracle-compare'
import { compareType, emptyComparison } from '#test/engine/shapes-oracle-compare'
import {
  compareComputed,
  compareReported,
  inferKnown,
  symbolSizes,
  valuesOf,
} from '#test/engine/shapes-oracle-models'
import { makeFeeds } from './shapes-oracle-feeds.ts'
import { Oracle } from './shapes-oracle-process.ts'

function* modelFiles(path: string): IterableIterator<string> {
  if (statSync(path).isFile()) {
    if (path.endsWith('.onnx')) yield path
    return
  }
  for (const name of readdirSync(path).sort()) yield* modelFiles(join(path, name))
}

interface Result {
  readonly types: Comparison | string
  readonly computed: Comparison | string
  readonly known: Comparison | string
  readonly declared: Comparison
  readonly milliseconds: number
  readonly problems: readonly string[]
}

async function examine(
  oracle: Oracle,
  path: string,
  run: readonly number[] | 'none',
): Promise<Result | string> {
  const descriptor = openSync(path, 'r')
  try {
    const model = readModel(fileRange(descriptor, 0, fstatSync(descriptor).size))
    const start = performance.now()
    const inference = inferTypes(model, { declaredTypes: 'ignore' })
    const milliseconds = performance.now() - start
    const values = valuesOf(model.graph)
    const outputs = new Set(model.graph.outputs)
    const inner = [...values.values()].filter((value) => !outputs.has(value))
    const feeds = run === 'none' ? 'none' : makeFeeds(path, model, run)
    const request = { file: path, values: inner.map(({ name }) => name), feeds }
    const reply = await oracle.ask(request)
    const sizes = feeds === 'none' ? {} : symbolSizes(model, feeds)
    return {
      types: reply.reported.length === 0 ? reply.error : compareReported(inference, values, reply),
      computed: compareComputed(inference, values, reply, sizes),
      known: compareComputed(inferKnown(model, feeds), values, reply, sizes),
      declared: compareDeclared(model, inference),
      milliseconds,
      problems: inference.problems.map(({ node, message }) => `${node?.describe()}: ${message}`),
    }
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  } finally {
    closeSync(descriptor)
  }
}

/** Outputs as the file declares them. */
function compareDeclared(model: Model, inference: TypeInference): Comparison {
  const comparison = emptyComparison()
  for (const value of model.graph.outputs) {
    const { type } = value
    if (type === null || type.kind === 'opaque' || type.kind === 'map') continue
    if ('element' in type) {
      compareType(comparison, inference.type(value), { name: value.name, isTensor: false })
    } else {
      const shape = (type.shape ?? []).map((dim) => dim ?? '')
      const reported = { name: value.name, isTensor: true, type: type.dtype, shape }
      compareType(comparison, inference.type(value), reported)
    }
  }
  return comparison
}

function add(total: Comparison, one: Comparison): void {
  total.values += one.values
  total.equal += one.equal
  total.morePrecise += one.morePrecise
  total.lessPrecise.push(...one.lessPrecise)
  total.contradictions.push(...one.contradictions)
}

const ORACLES = [
  'metadata of the runtime',
  'shapes of a run',
  'a run on known inputs',
  'outputs as declared',
]

function line({ values, equal, morePrecise, lessPrecise, contradictions }: Comparison): string {
  return (
    `values ${values}, equal ${equal}, more precise ${morePrecise}, ` +
    `unknown here ${lessPrecise.length}, contradictions ${contradictions.length}`
  )
}

function printResult(path: string, result: Result, all: boolean): void {
  const { types, computed, known, declared, milliseconds, problems } = result
  const comparisons = [types, computed, known, declared]
  const odd = comparisons.some((each, index) => {
    if (typeof each === 'string') return false
    return each.contradictions.length > 0 || (index !== 1 && each.lessPrecise.length > 0)
  })
  if (!odd && problems.length === 0 && !all) return
  const summary = typeof types === 'string' ? types : line(types)
  console.log(`${path} (${milliseconds.toFixed(1)} ms): ${summary}`)
  for (const [index, each] of comparisons.entries()) {
    if (typeof each === 'string') continue
    for (const text of each.contradictions) console.log(`  CONTRADICTION ${index} ${text}`)
    if (index === 1) continue
    for (const text of each.lessPrecise.slice(0, 8)) console.log(`  unknown ${index} ${text}`)
  }
  for (const text of problems.slice(0, 5)) console.log(`  problem ${text}`)
}

/** Sizes for symbols by axis: distinct, so that mixed-up axes show. */
function runSizes(flags: readonly string[]): readonly number[] | 'none' {
  const flag = flags.find((each) => each.startsWith('--run'))
  if (flag === undefined) return 'none'
  const [, sizes] = flag.split('=')
  return sizes === undefined ? [2, 3, 64, 96] : sizes.split(',').map(Number)
}

async function main(): Promise<void> {
  const flags = process.argv.slice(2).filter((argument) => argument.startsWith('--'))
  const folders = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
  const run = runSizes(flags)
  const oracle = new Oracle()
  const totals = ORACLES.map(() => emptyComparison())
  const refused: string[] = []
  let files = 0
  for (const path of folders.flatMap((folder) => [...modelFiles(folder)])) {
    files += 1
    const result = await examine(oracle, path, run)
    if (typeof result === 'string') {
      refused.push(`${path}: not read: ${result}`)
      continue
    }
    const { types, computed, known, declared } = result
    for (const [index, each] of [types, computed, known, declared].entries()) {
      const total = totals[index]
      if (typeof each !== 'string' && total !== undefined) add(total, each)
    }
    if (typeof types === 'string') refused.push(`${path}: not loaded: ${types.slice(0, 160)}`)
    else if (typeof computed === 'string') {
      refused.push(`${path}: not run: ${computed.slice(0, 160)}`)
    }
    printResult(path, result, flags.includes('--all'))
  }
  oracle.close()
  if (flags.includes('--verbose')) for (const text of refused) console.log(text)
  console.log(`files ${files}, of which not read, loaded or run ${refused.length}`)
  for (const [index, total] of totals.entries()) console.log(`${ORACLES[index]}: ${line(total)}`)
}

await main()
