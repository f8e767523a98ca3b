// Entry of a thread that holds one session and runs what it is asked, one after another.

import { parentPort, workerData } from 'node:worker_threads'
import { openRuntime } from './ort.ts'
import type { RuntimeTensor } from './runtime.ts'
import { RuntimeRejection } from './runtime.ts'
import type { ThreadAnswer, ThreadRequest, ThreadTask } from './session-threads.ts'

const { model, options } = workerData as ThreadTask

function tell(answer: ThreadAnswer, moved: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(answer, moved)
}

function tellError(error: unknown): void {
  const isRejection = error instanceof RuntimeRejection
  const detail = isRejection ? error.detail : String(error)
  tell({ kind: 'rejected', stage: isRejection ? error.stage : 'run', detail })
}

/** The runtime's results are nobody else's: they change hands without a copy. */
function buffersOf(tensors: Readonly<Record<string, RuntimeTensor>>): ArrayBuffer[] {
  const buffers = Object.values(tensors).map(({ data }) => data.buffer)
  return [...new Set(buffers)].filter((buffer) => buffer instanceof ArrayBuffer)
}

async function begin(): Promise<void> {
  const session = await openRuntime().load(model, options)
  const answer = async (request: ThreadRequest): Promise<void> => {
    if (request.kind === 'release') {
      await session.release()
      parentPort?.close()
      return
    }
    const results = await session.run(request.feeds, request.outputs)
    tell({ kind: 'results', results }, buffersOf(results))
  }
  let last = Promise.resolve()
  parentPort?.on('message', (request: ThreadRequest) => {
    last = last.then(() => answer(request)).catch(tellError)
  })
  tell({ kind: 'loaded', inputs: session.inputs, outputs: session.outputs })
}

void begin().catch(tellError)
