// Models side by side in the runtime for as long as something is measured on them.

import type { Model } from '#src/onnx/ir/model'
import { modelBytes } from '#src/onnx/write-model'
import type { LoadOptions, Runtime, RuntimeSession } from './runtime.ts'

/** One session per model, in their order; all are released in the end. @throws RuntimeRejection */
export async function withSessions<T>(
  models: readonly Model[],
  options: LoadOptions,
  runtime: Runtime,
  use: (sessions: readonly RuntimeSession[]) => Promise<T>,
): Promise<T> {
  const sessions: RuntimeSession[] = []
  try {
    for (const model of models) {
      sessions.push(await runtime.load(modelBytes(model, 'inline'), options))
    }
    return await use(sessions)
  } finally {
    for (const session of sessions) await session.release()
  }
}
