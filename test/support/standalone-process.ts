// The built program as a process of its own, for tests from outside.

import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { join } from 'node:path'

export interface StandaloneProcess {
  readonly url: string
  readonly child: ChildProcess
  /** Resolves when the process has ended. */
  kill(signal: NodeJS.Signals): Promise<void>
}

const ENTRY = join(import.meta.dirname, '../../dist/workers/standalone.js')
const READY = /Tersor is ready at (\S+)\n/

/** `dataDir` survives the process, so that another can take over. */
export async function startStandalone(
  dataDir: string,
  env: Readonly<Record<string, string>> = {},
): Promise<StandaloneProcess> {
  const child = spawn(process.execPath, [ENTRY], {
    env: {
      PATH: process.env['PATH'],
      TERSOR_DATA_DIR: dataDir,
      TERSOR_PORT: '0',
      TERSOR_LOG_LEVEL: 'warn',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
  })
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString()
      const ready = READY.exec(output)?.[1]
      if (ready !== undefined) resolve(ready)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    void ended.then(() => reject(new Error(`the program ended: ${output}`)))
  })
  return {
    url,
    child,
    kill: async (signal) => {
      child.kill(signal)
      await ended
    },
  }
}
