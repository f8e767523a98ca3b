// RNN, GRU, LSTM. X is [length, batch, in], or [batch, length, in] with layout 1; W is [directions, gates·hidden, in].

import type { Call, RuleTable, ShapeRule } from './call.ts'
import { tensor } from './fact.ts'
import type { MaybeSize } from './symbols.ts'

function recurrent(states: number): ShapeRule {
  return (call: Call) => {
    const batchFirst = call.int('layout', 0) !== 0
    const [first, second] = [call.dim(0, 0), call.dim(0, 1)]
    const [length, batch] = batchFirst ? [second, first] : [first, second]
    const directions = call.string('direction', 'forward') === 'bidirectional' ? 2 : 1
    const given = call.attribute('hidden_size')
    const hidden: MaybeSize = given === null ? call.dim(2, 2) : call.int('hidden_size', 0)
    const dtype = call.dtype(0)
    const all = batchFirst
      ? [batch, length, directions, hidden]
      : [length, directions, batch, hidden]
    const last = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
    const finals = Array.from({ length: states }, () => tensor(dtype, last))
    return [tensor(dtype, all), ...finals]
  }
}

export const RECURRENT_RULES: RuleTable = {
  GRU: recurrent(1),
  LSTM: recurrent(2),
  RNN: recurrent(1),
}

/** com.microsoft: weights stored as integers, the state in floating point. */
export const CONTRIB_RECURRENT_RULES: RuleTable = { DynamicQuantizeLSTM: recurrent(2) }
