// Answers requests from bench/shapes-oracle.ts, one at a time.

import type { OracleReply, OracleRequest } from '#test/engine/shapes-oracle-session'
import { askOracle } from '#test/engine/shapes-oracle-session'

process.on('message', (request: OracleRequest) => {
  askOracle(request)
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
