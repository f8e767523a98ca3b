// Answers requests from bench/shapes-oracle.ts, one at a time.

import { readFileSync } from 'node:fs'
import type { OracleReply } from '#test/engine/shapes-oracle-session'
import { askOracle } from '#test/engine/shapes-oracle-session'
import type { FileRequest } from './shapes-oracle-process.ts'

process.on('message', ({ file, ...request }: FileRequest) => {
  askOracle(readFileSync(file), request)
    .catch((error: unknown): OracleReply => ({
      reported: [],
      computed: 'none',
      error: String(error),
    }))
    .then((reply) => process.send?.(reply))
    .catch((error: unknown) => {
      throw error
    })
})
