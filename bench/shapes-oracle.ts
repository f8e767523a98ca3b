// Compares inferred types with onnxruntime's, value by value:  node dist/bench/shapes-oracle.js [--run] [--all] FOLDER...
// Prints per file: values, equal, more precise, unknown here but known there, contradictions (must be 0). --run runs each
// model on the inputs beside it (test_data_set_0) or on made-up ones and compares the shapes computed.

import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { closeSync, fstatSync, openSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fileRange } from '#src/onnx/ir/byte-range'
import type { Graph } from '#src/onnx/ir/graph'
import type { Model } from '#src/onnx/ir/model'
import type { Value } from '#src/onnx/ir/value'
import { readModel } from '#src/onnx/read-model'
import type { TypeInference } from '#src/onnx/shapes/infer-types'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import type { Comparison } from '#test/engine/shapes-oracle-compare'
import { compareType, emptyComparison } from '#test/engine/shapes-oracle-compare'
import type { Feed, OracleReply, OracleRequest } from '#test/engine/shapes-oracle-session'
import { makeFeeds } from './shapes-oracle-feeds.ts'

class Oracle {
  #child: ChildProcess | null = null

  ask(request: OracleRequest, timeout = 60_000): Promise<OracleReply> {
    this.#child ??= fork(fileURLToPath(new URL('./shapes-oracle-child.js', import.meta.url)), {
      env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
      silent: true,
    })
    const child = this.#child
    return new Promise((resolve) => {
      const finish = (reply: OracleReply) => {
        clearTimeout(timer)
        child.removeAllListeners('message')
        child.removeAllListeners('exit')
        resolve(reply)
      }
      const fail = (error: string) => {
        this.#child = null
        child.kill('SIGKILL')
        finish({ reported: [], computed: 'none', error })
      }
      const timer = setTimeout(() => fail('timeout'), timeout)
      child.once('message', (reply) => finish(reply as OracleReply))
      child.once('exit', (code, signal) => fail(`crash: ${code ?? signal}`))
      child.send(request)
    })
  }

  close(): void {
    this.#child?.kill()
  }
}

function valuesOf(graph: Graph): Map<string, Value> {
  const values = new Map<string, Value>()
  for (const node of graph.nodes()) {
    for (const value of node.outputs) if (value !== null) values.set(value.name, value)
  }
  return values
}

function* modelFiles(path: string): IterableIterator<string> {
  if (statSync(path).isFile()) {
    if (path.endsWith('.onnx')) yield path
    return
  }
  for (const name of readdirSync(path).sort()) yield* modelFiles(join(path, name))
}

interface Result {
  readonly types: Comparison
  readonly computed: Comparison | string
  readonly declared: Comparison
  readonly milliseconds: number
  readonly problems: readonly string[]
}

async function examine(oracle: Oracle, path: string, run: boolean): Promise<Result | string> {
  const descriptor = openSync(path, 'r')
  try {
    const model = readModel(fileRange(descriptor, 0, fstatSync(descriptor).size))
    const start = performance.now()
    const inference = inferTypes(model, { declaredTypes: 'ignore' })
    const milliseconds = performance.now() - start
    const values = valuesOf(model.graph)
    const outputs = new Set(model.graph.outputs)
    const inner = [...values.values()].filter((value) => !outputs.has(value))
    const feeds = run ? makeFeeds(path, model) : 'none'
    const request = { file: path, values: inner.map(({ name }) => name), feeds }
    const reply = await oracle.ask(request)
    if (reply.reported.length === 0) return reply.error
    return {
      types: compareReported(inference, values, reply),
      computed: compareComputed(model, values, reply, feeds),
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

function compareReported(
  inference: TypeInference,
  values: ReadonlyMap<string, Value>,
  reply: OracleReply,
): Comparison {
  const comparison = emptyComparison()
  for (const reported of reply.reported) {
    const value = values.get(reported.name)
    if (value !== undefined) compareType(comparison, inference.type(value), reported)
  }
  return comparison
}

/** Shapes of a run against those inferred, symbols bound to the sizes of the run. */
function compareComputed(
  model: Model,
  values: ReadonlyMap<string, Value>,
  reply: OracleReply,
  feeds: readonly Feed[] | 'none',
): Comparison | string {
  if (reply.computed === 'none' || feeds === 'none') return reply.error
  const sizes: Record<string, number> = {}
  for (const { name, dims } of feeds) {
    const type = model.graph.inputs.find((value) => value.name === name)?.type
    if (type?.kind !== 'tensor') continue
    for (const [axis, dim] of (type.shape ?? []).entries()) {
      if (typeof dim === 'string') sizes[dim] = dims[axis] ?? 0
    }
  }
  const inference = inferTypes(model, { declaredTypes: 'ignore' })
  const comparison = emptyComparison()
  for (const computed of reply.computed) {
    const value = values.get(computed.name)
    const type = value === undefined ? null : inference.type(value)
    if (value === undefined || type === null) continue
    const shape = inference.shapeAt(value, sizes)
    const bound = type.kind === 'tensor' ? { ...type, shape } : type
    compareType(comparison, bound, computed, true)
  }
  return comparison
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

function print(
  label: string,
  { values, equal, morePrecise, lessPrecise, contradictions }: Comparison,
) {
  console.log(
    `${label}: values ${values}, equal ${equal}, more precise ${morePrecise}, ` +
      `unknown here ${lessPrecise.length}, contradictions ${contradictions.length}`,
  )
}

async function main(): Promise<void> {
  const flags = process.argv.slice(2).filter((argument) => argument.startsWith('--'))
  const folders = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
  const oracle = new Oracle()
  const totals = [emptyComparison(), emptyComparison(), emptyComparison()] as const
  const refused: string[] = []
  let [files, runs] = [0, 0]
  for (const path of folders.flatMap((folder) => [...modelFiles(folder)])) {
    files += 1
    const result = await examine(oracle, path, flags.includes('--run'))
    if (typeof result === 'string') {
      refused.push(`${path}: ${result.slice(0, 160)}`)
      continue
    }
    const { types, computed, declared, milliseconds, problems } = result
    const comparisons =
      typeof computed === 'string' ? [types, declared] : [types, computed, declared]
    add(totals[0], types)
    add(totals[2], declared)
    if (typeof computed !== 'string') {
      runs += 1
      add(totals[1], computed)
    } else if (flags.includes('--verbose'))
      console.log(`${path}: not run: ${computed.slice(0, 200)}`)
    const odd = comparisons.some((each) => each.contradictions.length + each.lessPrecise.length > 0)
    if (!odd && problems.length === 0 && !flags.includes('--all')) continue
    print(`${path} (${milliseconds.toFixed(1)} ms)`, types)
    for (const [index, each] of comparisons.entries()) {
      for (const line of each.contradictions) console.log(`  CONTRADICTION ${index} ${line}`)
      for (const line of each.lessPrecise.slice(0, 8)) console.log(`  unknown ${index} ${line}`)
    }
    for (const line of problems.slice(0, 5)) console.log(`  problem ${line}`)
  }
  oracle.close()
  console.log(`files ${files}, not loaded ${refused.length}, run ${runs}`)
  if (flags.includes('--verbose')) for (const line of refused) console.log(`  ${line}`)
  print('metadata of the runtime', totals[0])
  print('shapes of a run', totals[1])
  print('outputs as declared', totals[2])
}

await main()
