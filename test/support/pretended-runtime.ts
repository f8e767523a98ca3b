// A runtime whose accelerators behave as told; their sessions compute on the CPU.

import type { Provider, Runtime, RuntimeSession } from '#engine/runtime/runtime'
import { RuntimeRejection } from '#engine/runtime/runtime'

export type Behaviour =
  | 'works'
  /** Computes something else. */
  | 'wrong'
  | 'does not load'
  | 'fails from the fifth run on'

export interface PretendedRuntime extends Runtime {
  /** Every provider that a session was asked for, in order. */
  readonly loads: Provider[]
}

/** `milliseconds`: what a run takes longer than it does. */
export function pretendedRuntime(
  real: Runtime,
  behaviours: Partial<Record<Provider, Behaviour>>,
  milliseconds: Partial<Record<Provider, number>> = {},
): PretendedRuntime {
  const loads: Provider[] = []
  return {
    sessionThreads: 'none',
    version: real.version,
    loads,
    load: async (model, options) => {
      const { provider = 'cpu' } = options
      loads.push(provider)
      const behaviour = provider === 'cpu' ? 'works' : (behaviours[provider] ?? 'does not load')
      if (behaviour === 'does not load') throw new RuntimeRejection('load', 'no such library')
      const session = await real.load(model, { ...options, provider: 'cpu' })
      return pretendedSession(session, behaviour, milliseconds[provider] ?? 0)
    },
    trace: async (model, options, feeds, scratch) => {
      const { provider = 'cpu' } = options
      const nodes = await real.trace(model, { ...options, provider: 'cpu' }, feeds, scratch)
      // The last node has no kernel there.
      return nodes.map((node, index) => (index === nodes.length - 1 ? node : { ...node, provider }))
    },
  }
}

function pretendedSession(
  session: RuntimeSession,
  behaviour: Behaviour,
  milliseconds: number,
): RuntimeSession {
  let runs = 0
  return {
    inputs: session.inputs,
    outputs: session.outputs,
    release: () => session.release(),
    run: async (feeds, outputs) => {
      runs += 1
      if (behaviour === 'fails from the fifth run on' && runs >= 5) {
        throw new RuntimeRejection('run', 'device lost')
      }
      const results = await session.run(feeds, outputs)
      if (milliseconds > 0) await new Promise((resolve) => setTimeout(resolve, milliseconds))
      if (behaviour !== 'wrong') return results
      return Object.fromEntries(
        Object.entries(results).map(([name, tensor]) => [
          name,
          { ...tensor, data: Float32Array.from(tensor.data as Float32Array, (value) => -value) },
        ]),
      )
    },
  }
}
