// Programs of the host: started, awaited, their output returned; what fails is told with the end of what it said.

import { execFile } from 'node:child_process'

export interface CommandOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
}

const MAX_OUTPUT = 64 * 2 ** 20
const TAIL = 2000

/** What it wrote to stdout. */
export function run(
  program: string,
  parameters: readonly string[],
  { cwd = '/', env = {}, timeoutMs = 20 * 60_000 }: CommandOptions = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      cwd,
      env: { ...process.env, ...env },
      timeout: timeoutMs,
      maxBuffer: MAX_OUTPUT,
    }
    execFile(program, parameters, options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout)
      const said = `${stdout}\n${stderr}`.slice(-TAIL)
      reject(
        new Error(`${program} ${parameters.join(' ')}: ${error.message.split('\n')[0]}\n${said}`),
      )
    })
  })
}
