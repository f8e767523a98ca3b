// The two models of a job in the runtime, loaded once per provider that is asked for.

import type { Provider, Runtime, RuntimeSession } from '#engine/runtime/runtime'

export class LoadedModels {
  readonly #runtime: Runtime
  readonly #files: readonly (Uint8Array | string)[]
  readonly #threads: number
  readonly #sessions = new Map<Provider, RuntimeSession[]>()

  constructor(runtime: Runtime, files: readonly (Uint8Array | string)[], threads: number) {
    this.#runtime = runtime
    this.#files = files
    this.#threads = threads
  }

  /** One session per file, in order. @throws RuntimeRejection */
  async on(provider: Provider): Promise<readonly RuntimeSession[]> {
    const sessions = this.#sessions.get(provider) ?? []
    this.#sessions.set(provider, sessions)
    for (const file of this.#files.slice(sessions.length)) {
      const options = { provider, threads: this.#threads, optimization: 'all' } as const
      sessions.push(await this.#runtime.load(file, options))
    }
    return sessions
  }

  async release(): Promise<void> {
    for (const sessions of this.#sessions.values()) {
      for (const session of sessions) await session.release()
    }
    this.#sessions.clear()
  }
}
