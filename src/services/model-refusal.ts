// What src/onnx found wrong, in the words of the API.

import { TersorError } from '#src/domain/errors'
import type { OnnxErrorPlace } from '#src/onnx/onnx-error'
import { OnnxError } from '#src/onnx/onnx-error'

const LONGEST_DETAIL = 1000

/** The error as the client may see it; what is no fault of the model is returned as it is. */
export function modelRefusal(error: unknown): unknown {
  if (!(error instanceof OnnxError)) return error
  return new TersorError(error.code, shorten(detailOf(error)), { cause: error })
}

function detailOf(error: OnnxError): string {
  const missing = placeWords(error.where).filter(([, name]) => !error.detail.includes(name))
  const place = missing.map(([word, name]) => `${word} '${name}'`).join(', ')
  return place === '' ? error.detail : `${error.detail} (${place})`
}

function placeWords(where: OnnxErrorPlace): (readonly [string, string])[] {
  const words: (readonly [string, string | undefined])[] = [
    ['node', where.node],
    ['operator', where.opType],
    ['attribute', where.attribute],
    ['tensor', where.tensor],
    ['function', where.function],
  ]
  return words.filter((entry): entry is readonly [string, string] => entry[1] !== undefined)
}

function shorten(text: string): string {
  return text.length <= LONGEST_DETAIL ? text : `${text.slice(0, LONGEST_DETAIL)}…`
}
