// The child process as bundles with V8's code cache: every job starts three, and loading is most of what a tiny one costs.
// See docs/decisions/0014-cost-of-a-job.md.

import { fork } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Zstd } from '@hpcc-js/wasm-zstd'
import type { InputOptions, Plugin } from 'rolldown'
import { build } from 'rolldown'
import { parseModel } from '#src/onnx/text/parse-model'
import { writeModel } from '#src/onnx/write-model'
import { jobSpec } from '#src/recipes/job-spec'
import { CHILD_FLAGS } from '#workers/sandbox/child-flags'
import type { ChildMessage, ChildRequest, CompressResult } from '#workers/sandbox/protocol'

const SANDBOX = 'dist/workers/sandbox'
const FOLDER = `${SANDBOX}/bundle`
const WASM = 'zstd.wasm'

interface WasmPort {
  instantiate: (program: Uint8Array, imports: object) => Promise<object>
}

/** The compressor's program, which the package keeps as text: what it hands to WebAssembly. */
async function zstdProgram(): Promise<Uint8Array> {
  const { WebAssembly: wasm } = globalThis as unknown as { readonly WebAssembly: WasmPort }
  const { instantiate } = wasm
  const seen: Uint8Array[] = []
  wasm.instantiate = (program, imports) => {
    seen.push(program)
    return instantiate(program, imports)
  }
  await Zstd.load()
  wasm.instantiate = instantiate
  const [program] = seen
  if (program === undefined) throw new Error('wasm-zstd handed no program to WebAssembly')
  return program
}

/** Decoding that text takes 60 ms of processor time at every start: the bundle reads a file instead. */
const zstdFromFile: Plugin = {
  name: 'zstd-from-file',
  transform(code, id) {
    if (!/wasm-zstd.dist.index\.js$/.test(id)) return null
    const decoding = /(\w+)\?\?=\w+\(\w+\(\w+\)\)(?=,\w+\(\{wasmBinary:\1,)/g
    if (code.match(decoding)?.length !== 1) {
      throw new Error('wasm-zstd is not what it was: look where it decodes its program')
    }
    const read = `$1??=readProgram(new URL('${WASM}',import.meta.url))`
    return `import{readFileSync as readProgram}from'node:fs';${code.replace(decoding, read)}`
  },
}

/** The runtime's binding is looked for in its package, wherever the text that asks for it lies. */
const bindingFromPackage: Plugin = {
  name: 'binding-from-package',
  transform(code, id) {
    if (!/onnxruntime-node.dist.binding\.js$/.test(id)) return null
    const place = /(?<=require\(`)\.\.(?=\/bin\/)/g
    if (code.match(place)?.length !== 1) {
      throw new Error('onnxruntime-node is not what it was: look where it loads its binding')
    }
    return code.replace(place, 'onnxruntime-node')
  },
}

async function bundle(): Promise<void> {
  // Packages that load binaries of their own find them beside their own files.
  const shared: InputOptions = { platform: 'node', external: [/^@napi-rs\//] }
  const names = { entryFileNames: '[name].cjs', chunkFileNames: '[name].cjs' }
  await build({
    ...shared,
    input: { program: `${SANDBOX}/child.js` },
    plugins: [zstdFromFile, bindingFromPackage],
    output: { dir: FOLDER, format: 'cjs', cleanDir: true, ...names },
  })
  await build({
    ...shared,
    input: { child: `${SANDBOX}/load-child.js` },
    output: { dir: FOLDER, format: 'cjs', ...names },
  })
  await build({
    ...shared,
    input: { 'session-thread': 'dist/workers/engine/runtime/session-thread.js' },
    plugins: [bindingFromPackage],
    output: { dir: FOLDER, format: 'cjs', ...names },
  })
  await writeFile(join(FOLDER, WASM), await zstdProgram())
}

const MODEL = `
  <ir_version: 10, opset_import: ["" : 17]>
  classifier (float[batch, 4] x) => (float[batch, 2] y)
  <float[4, 2] w = {1, -2, 3, -4, 5, -6, 7, -8}>
  { product = MatMul (x, w)  y = Relu (product) }
`

/** A child ends and leaves behind what V8 made of its program. */
async function answerOf(request: ChildRequest, cwd: string): Promise<ChildMessage> {
  const entry = resolve(FOLDER, 'child.cjs')
  const child = fork(entry, [request.task, 'write-cache'], {
    cwd,
    execArgv: [...CHILD_FLAGS],
    env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
    serialization: 'advanced',
  })
  child.send(request)
  return await new Promise((settle, reject) => {
    let last: ChildMessage = { kind: 'ready' }
    child.on('message', (message) => {
      last = message as ChildMessage
    })
    child.once('exit', (code) =>
      code === 0 ? settle(last) : reject(new Error(`a child ended with ${code}`)),
    )
  })
}

/** Runs a small job, so that what every job calls is in the cache. */
async function fillCaches(): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'bundle-child-'))
  try {
    const path = join(scratch, 'model.onnx')
    await writeFile(path, Buffer.concat([...writeModel(parseModel(MODEL))]))
    const none = { calibration: null, evaluation: null, train: null }
    const compressed = await answerOf(
      {
        task: 'compress',
        job: 'job_none',
        spec: jobSpec.parse({
          model: `model_${'0'.repeat(26)}`,
          steps: [{ type: 'simplify' }, { type: 'quantize', method: 'dynamic' }],
          evaluation: { task: 'none' },
        }),
        model: { path, container: 'onnx' },
        others: {},
        datasets: none,
        scratch,
        tersorVersion: '0',
        accelerators: ['cpu'],
        crashed: false,
        lethal: [],
        seconds: 60,
        fingerprint: '',
        checkpoints: { everySeconds: 0, costShare: 0, found: [] },
      },
      scratch,
    )
    if (compressed.kind !== 'done') throw new Error(JSON.stringify(compressed))
    const { probes } = compressed.result as CompressResult
    await answerOf(probes!.original, scratch)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

await bundle()
await fillCaches()
