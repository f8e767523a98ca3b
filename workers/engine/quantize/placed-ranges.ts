// The ranges that suit one placement. `auto` measures with every activation on integers, where the noise of early layers hides what
// others do; a placement leaves those in float. Each method's ranges are tried on the placement itself.

import type { Model } from '#src/onnx/ir/model'
import type { Calibration } from './calibrate.ts'

/** Other ranges must lessen the noise by this share, as where `auto` changes all at once: the samples are few. */
const GAIN = 0.3

/** `noise`: that of the outputs of the placement with these ranges. Without alternatives nothing is tried. */
export async function placedRanges(
  calibration: Calibration,
  build: (ranges: Calibration) => Model,
  noise: (model: Model) => Promise<number>,
): Promise<Calibration> {
  if (calibration.alternatives.size === 0) return calibration
  let best = calibration
  let least = await noise(build(calibration))
  for (const [method, ranges] of calibration.alternatives) {
    const methods = new Map([...ranges.keys()].map((name) => [name, method] as const))
    const changed = { ...calibration, ranges, methods }
    const error = await noise(build(changed))
    if (error >= least * (1 - GAIN)) continue
    least = error
    best = changed
  }
  return best
}
