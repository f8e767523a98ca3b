// The runtime in a child process that is started again when a model crashes it or it takes too long.

import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { OracleReply, OracleRequest } from '#test/engine/shapes-oracle-session'

export interface FileRequest extends OracleRequest {
  readonly file: string
}

export class Oracle {
  #child: ChildProcess | null = null

  ask(request: FileRequest, timeout = 60_000): Promise<OracleReply> {
    this.#child ??= fork(fileURLToPath(new URL('./shapes-oracle-child.js', import.meta.url)), {
      env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
      silent: true,
    })
    const child = this.#child
    return new Promise((resolve) => {
      const finish = (reply: OracleReply) => {
        clearTimeout(timer)
        child.removeAllListeners('message')
        child.removeAllListeners('exit')
        resolve(reply)
      }
      const fail = (error: string) => {
        this.#child = null
        child.kill('SIGKILL')
        finish({ reported: [], computed: 'none', error })
      }
      const timer = setTimeout(() => fail('timeout'), timeout)
      child.once('message', (reply) => finish(reply as OracleReply))
      child.once('exit', (code, signal) => fail(`crash: ${code ?? signal}`))
      child.send(request)
    })
  }

  close(): void {
    this.#child?.kill()
  }
}
