// Entry of a child process: takes one request, answers, ends. Whatever goes wrong leaves as a code and a public sentence.

import { join } from 'node:path'
import { EvaluationMismatch } from '#engine/evaluate/evaluation-mismatch'
import { openRuntime } from '#engine/runtime/ort'
import { RuntimeRejection } from '#engine/runtime/runtime'
import { openSessionThreads } from '#engine/runtime/session-threads'
import type { ErrorCode } from '#src/domain/errors'
import { ERRORS, TersorError } from '#src/domain/errors'
import { OnnxError } from '#src/onnx/onnx-error'
import { prepareTransferSize } from '#engine/evaluate/transfer-size'
import { DISK_FULL, isDiskFull } from './disk-full.ts'
import type { ChildMessage, ChildRequest } from './protocol.ts'

const MAX_LOG_LINE = 2000

// What the task takes is loaded while the child waits; the other task's modules would only cost time and memory.
if (process.argv[2] === 'compress') void prepareTransferSize()
const LOADED = {
  probe: process.argv[2] === 'probe' ? import('#engine/evaluate/probe-peak-memory') : null,
  compress: process.argv[2] === 'compress' ? import('#workers/steps/run-job') : null,
}
let stage = 'starting'
const asked = { checkpoints: 0 }

function send(message: ChildMessage): Promise<void> {
  if (message.kind === 'progress') stage = message.stage
  return new Promise((resolve) => {
    if (process.send === undefined) resolve()
    else process.send(message, undefined, {}, () => resolve())
  })
}

function report(message: ChildMessage): void {
  void send(message.kind === 'log' ? { kind: 'log', line: cleanLine(message.line) } : message)
}

/** One line, printable, of bounded length: names in models are chosen by strangers. */
function cleanLine(text: string): string {
  return text
    .replaceAll(/\p{Cc}/gu, (char) => JSON.stringify(char).slice(1, -1))
    .slice(0, MAX_LOG_LINE)
}

async function answer(request: ChildRequest): Promise<ChildMessage> {
  try {
    // Beside this program: see scripts/bundle-child.ts.
    const thread = join(process.argv[1] ?? '', '../session-thread.cjs')
    const runtime = openRuntime(openSessionThreads(thread))
    if (request.task === 'probe') {
      const { probePeakMemory } = await (LOADED.probe ??
        import('#engine/evaluate/probe-peak-memory'))
      const peakMemoryBytes = await probePeakMemory(request, runtime)
      return { kind: 'done', result: { task: 'probe', peakMemoryBytes } }
    }
    if (request.task === 'accelerator') {
      const { tryProvider } = await import('#engine/runtime/try-provider')
      const problem = await tryProvider(request.accelerator, runtime, process.cwd())
      return { kind: 'done', result: { task: 'accelerator', problem } }
    }
    const { runJob } = await (LOADED.compress ?? import('#workers/steps/run-job'))
    return { kind: 'done', result: await runJob(request, report, runtime, asked) }
  } catch (error) {
    await send({ kind: 'log', line: cleanLine(`${stage}: ${(error as Error).message}`) })
    return { kind: 'failed', stage, ...publicError(error) }
  }
}

function publicError(error: unknown): { readonly code: ErrorCode; readonly detail: string } {
  if (error instanceof TersorError) return { code: error.code, detail: error.detail }
  if (error instanceof OnnxError) {
    return {
      code: error.code in ERRORS ? error.code : 'model_invalid',
      detail: error.detail,
    }
  }
  if (error instanceof EvaluationMismatch) {
    return { code: 'evaluation_invalid', detail: error.detail }
  }
  if (error instanceof RuntimeRejection) {
    const memory = /alloc/i.test(error.detail)
    return memory
      ? { code: 'out_of_memory', detail: `the job ran out of memory during ${stage}` }
      : {
          code: 'runtime_rejected',
          detail: `the runtime refused to ${error.stage} the model during ${stage}`,
        }
  }
  if (error instanceof RangeError && /allocation|array length/i.test(error.message)) {
    return { code: 'out_of_memory', detail: `the job ran out of memory during ${stage}` }
  }
  if (isDiskFull(error)) return { code: 'storage_full', detail: DISK_FULL }
  return { code: 'step_failed', detail: `the job failed during ${stage}` }
}

process.once('message', (request) => {
  // What comes later asks for checkpoints.
  process.on('message', () => {
    asked.checkpoints += 1
  })
  void answer(request as ChildRequest)
    .then(send)
    .then(() => process.exit(0))
})
process.once('disconnect', () => process.exit(1))
