// The model in the runtime's own format, for its builds that read no ONNX.

import type { Runtime } from '#engine/runtime/runtime'

/** `extended`: the optimizations that hold on every processor. @throws RuntimeRejection */
export async function writeOrtFile(
  model: string,
  target: string,
  runtime: Runtime,
): Promise<string> {
  const session = await runtime.load(model, {
    threads: 1,
    optimization: 'extended',
    optimizedModelPath: target,
    optimizedModelFormat: 'ort',
  })
  await session.release()
  return target
}
