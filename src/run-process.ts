// The life of a process of the service: it starts, says so, and stops in order at SIGTERM or SIGINT.

import { ConfigError } from './config.ts'
import { TersorError } from './domain/errors.ts'
import { ListenError } from './start-api.ts'

export interface RunningProcess {
  /** Printed once it is ready. */
  readonly ready: string
  /** In the order in which they are to be called. */
  readonly stops: readonly (() => Promise<void>)[]
}

/** `end` ends the process with this exit code. */
export async function runProcess(
  start: () => Promise<RunningProcess>,
  end: (code: number) => void,
): Promise<void> {
  try {
    const { ready, stops } = await start()
    process.stdout.write(`${ready}\n`)
    let stopping = false
    const stop = async (): Promise<void> => {
      if (stopping) return
      stopping = true
      for (const next of stops) await next()
      end(0)
    }
    process.on('SIGTERM', () => void stop())
    process.on('SIGINT', () => void stop())
  } catch (error) {
    process.stderr.write(`${describeFailure(error)}\n`)
    end(1)
  }
}

/** What the operator can mend is said in a sentence; the rest with its stack. */
export function describeFailure(error: unknown): string {
  const { name, message, stack } = error as Error
  if (error instanceof TersorError && error.code === 'unavailable') {
    return `A store does not answer (${error.detail}). Are Redis and the bucket that TERSOR_REDIS_URL and TERSOR_S3_ENDPOINT name running, and can this machine reach them?`
  }
  const expected =
    error instanceof ConfigError || error instanceof ListenError || name === 'FolderInUseError'
  return expected ? message : String(stack)
}
