// The gate every uploaded model passes: read its structure, check it, say what it is. No runtime is involved.

import { closeSync, fstatSync, openSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { unzipModel } from '#src/archives/unzip-model'
import type { GraphSummary, ModelSupport } from '#src/domain/model-summary'
import type { ModelRecord } from '#src/domain/records'
import { inspectModel } from '#src/onnx/inspect-model'
import type { ByteRange } from '#src/onnx/ir/byte-range'
import { fileRange } from '#src/onnx/ir/byte-range'
import type { Model } from '#src/onnx/ir/model'
import type { Shape } from '#src/onnx/ir/value-type'
import { readModel } from '#src/onnx/read-model'
import { inferTypes } from '#src/onnx/shapes/infer-types'
import { droppedBlocks, namesLost } from '#src/onnx/structure/dropped-blocks'
import { residualChains } from '#src/onnx/structure/residual-blocks'
import { verifyAndCount } from '#src/onnx/verify-model'
import { modelRefusal } from './model-refusal.ts'

type Container = ModelRecord['container']

export interface ModelExamination {
  readonly graph: GraphSummary
  readonly support: ModelSupport
}

/** @throws TersorError with a code of ONNX_ERRORS or `archive_*`, naming the node or tensor */
export async function examineModel(
  path: string,
  container: Container,
  folder: string,
): Promise<ModelExamination> {
  return await withModel(path, container, folder, async (model) => {
    const weights = await verifyAndCount(model)
    return inspectModel(model, weights)
  })
}

/** The names of all nodes, those inside subgraphs included; a nameless node goes by its first result, as it does in reports. */
export async function nodeNames(
  path: string,
  container: Container,
  folder: string,
): Promise<ReadonlySet<string>> {
  return await withModel(path, container, folder, (model) => {
    const names = new Set<string>()
    for (const node of model.graph.allNodes()) {
      const [result] = node.outputs.flatMap((value) => value?.name ?? [])
      const name = node.name === '' ? result : node.name
      if (name !== undefined) names.add(name)
    }
    return names
  })
}

export interface GraphStructure {
  /** Of what nodes of the main graph make, by name. */
  readonly shapes: ReadonlyMap<string, Shape>
  /** Residual blocks that can be left out. */
  readonly blocks: number
  /** Names of values that go with the blocks that the share `depth` leaves out. */
  readonly lost: ReadonlySet<string>
}

export async function graphStructure(
  path: string,
  container: Container,
  folder: string,
  depth: number,
): Promise<GraphStructure> {
  return await withModel(path, container, folder, (model) => {
    const types = inferTypes(model)
    const shapes = new Map<string, Shape>()
    for (const node of model.graph.nodes()) {
      for (const value of node.outputs) {
        const type = value === null ? null : types.type(value)
        if (value !== null) shapes.set(value.name, type?.kind === 'tensor' ? type.shape : null)
      }
    }
    const chains = residualChains(model, types)
    const lost = namesLost(depth < 1 ? droppedBlocks(chains, depth) : [])
    return { shapes, blocks: chains.flat().length, lost }
  })
}

/** The model is valid during the call only: its tensors are ranges of open files. */
async function withModel<T>(
  path: string,
  container: Container,
  folder: string,
  use: (model: Model) => T | Promise<T>,
): Promise<T> {
  const files = container === 'zip' ? await unzipModel(path, join(folder, 'unzipped')) : null
  const open: number[] = []
  const rangeOf = (file: string): ByteRange => {
    const descriptor = openSync(file, 'r')
    open.push(descriptor)
    return fileRange(descriptor, 0, fstatSync(descriptor).size)
  }
  try {
    const externalData =
      files === null
        ? undefined
        : (location: string) =>
            files.members.includes(location)
              ? rangeOf(realpathSync(join(files.folder, location)))
              : null
    const source = rangeOf(files?.modelPath ?? path)
    return await use(readModel(source, externalData === undefined ? {} : { externalData }))
  } catch (error) {
    throw modelRefusal(error)
  } finally {
    for (const descriptor of open) closeSync(descriptor)
  }
}
