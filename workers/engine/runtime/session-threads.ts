// Sessions in threads of their own. The runtime takes no shared memory: what is fed is copied, and results change hands.

import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type {
  LoadOptions,
  RuntimeSession,
  RuntimeTensor,
  RuntimeValueInfo,
  SessionThreads,
} from './runtime.ts'
import { RuntimeRejection } from './runtime.ts'

/** What a thread begins with. */
export interface ThreadTask {
  readonly model: Uint8Array
  readonly options: LoadOptions
}

type Tensors = Readonly<Record<string, RuntimeTensor>>

export type ThreadRequest =
  | { readonly kind: 'run'; readonly feeds: Tensors; readonly outputs?: readonly string[] }
  | { readonly kind: 'release' }

export type ThreadAnswer =
  | {
      readonly kind: 'loaded'
      readonly inputs: readonly RuntimeValueInfo[]
      readonly outputs: readonly RuntimeValueInfo[]
    }
  | { readonly kind: 'results'; readonly results: Tensors }
  | { readonly kind: 'rejected'; readonly stage: 'load' | 'run'; readonly detail: string }

/** `entry`: the file of `session-thread`, compiled. */
export function openSessionThreads(
  entry: string,
  cores: number = availableParallelism(),
): SessionThreads {
  return {
    cores,
    load: async (model, options) => {
      const thread = new Thread(entry, { model, options })
      const loaded = await thread.next()
      if (loaded.kind !== 'loaded') throw new Error(`a thread began with '${loaded.kind}'`)
      return {
        inputs: loaded.inputs,
        outputs: loaded.outputs,
        run: (feeds, outputs) => thread.run(feeds, outputs),
        release: () => thread.release(),
      } satisfies RuntimeSession
    },
  }
}

interface Waiting {
  readonly resolve: (answer: ThreadAnswer) => void
  readonly reject: (error: Error) => void
}

class Thread {
  readonly #worker: Worker
  readonly #ended: Promise<void>
  /** Answers come in the order of what was asked. */
  readonly #waiting: Waiting[] = []
  #end: Error | null = null

  constructor(entry: string, task: ThreadTask) {
    this.#worker = new Worker(entry, { workerData: task, execArgv: [] })
    this.#worker.on('message', (answer: ThreadAnswer) => this.#waiting.shift()?.resolve(answer))
    this.#worker.on('error', (error) => this.#fail(error))
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        this.#fail(new Error(`a thread of the runtime ended with ${code}`))
        resolve()
      })
    })
  }

  #fail(error: Error): void {
    this.#end ??= error
    for (const { reject } of this.#waiting.splice(0)) reject(this.#end)
  }

  /** @throws RuntimeRejection */
  async next(): Promise<ThreadAnswer> {
    if (this.#end !== null) throw this.#end
    const answer = await new Promise<ThreadAnswer>((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
    })
    if (answer.kind === 'rejected') throw new RuntimeRejection(answer.stage, answer.detail)
    return answer
  }

  async run(feeds: Tensors, outputs?: readonly string[]): Promise<Tensors> {
    const copies = Object.entries(feeds).map(([name, tensor]): [string, RuntimeTensor] => {
      return [name, { ...tensor, data: tensor.data.slice() }]
    })
    const moved = copies.map(([, { data }]) => data.buffer as ArrayBuffer)
    const request = { kind: 'run', feeds: Object.fromEntries(copies), outputs } as ThreadRequest
    const answer = this.next()
    this.#worker.postMessage(request, moved)
    const { results } = (await answer) as Extract<ThreadAnswer, { kind: 'results' }>
    return results
  }

  /** Once nothing runs in it any more. */
  async release(): Promise<void> {
    this.#worker.postMessage({ kind: 'release' } satisfies ThreadRequest, [])
    await this.#ended
  }
}
