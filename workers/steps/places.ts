// Runs work on the providers that were chosen, and on the CPU from the first run that fails elsewhere.

import type { Provider, RuntimeSession } from '#engine/runtime/runtime'
import { RuntimeRejection } from '#engine/runtime/runtime'
import type { JobSpec } from '#src/recipes/job-spec'
import type { ChosenProviders } from './choose-providers.ts'
import { onCpuInstead, refusalOf } from './choose-providers.ts'
import type { LoadedModels } from './loaded-models.ts'

export class Places {
  readonly #models: LoadedModels
  readonly #requested: JobSpec['accelerator']
  #chosen: ChosenProviders

  constructor(models: LoadedModels, requested: JobSpec['accelerator'], chosen: ChosenProviders) {
    this.#models = models
    this.#requested = requested
    this.#chosen = chosen
  }

  /** What has served so far. */
  get chosen(): ChosenProviders {
    return this.#chosen
  }

  /** @throws RuntimeRejection when the CPU refuses too */
  async run<T>(
    purpose: 'evaluation' | 'timing',
    work: (sessions: readonly RuntimeSession[], provider: Provider) => Promise<T>,
  ): Promise<T> {
    const provider = this.#chosen[purpose]
    try {
      return await work(await this.#models.on(provider), provider)
    } catch (error) {
      if (!(error instanceof RuntimeRejection) || provider === 'cpu') throw error
      const { fallback } = onCpuInstead(this.#requested, `${provider}: ${refusalOf(error)}`)
      this.#chosen = { ...this.#chosen, [purpose]: 'cpu', fallback }
      return await work(await this.#models.on('cpu'), 'cpu')
    }
  }
}
