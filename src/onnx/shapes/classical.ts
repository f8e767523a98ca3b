// ai.onnx.ml: classical models and their features. X is [N, features], or [features] for one row.

import type { Call, RuleTable, ShapeRule } from './call.ts'
import { sameAsFirst } from './elementwise.ts'
import type { DtypeOrNone, Fact } from './fact.ts'
import { container, ofRank, tensor } from './fact.ts'
import { pickedColumns } from './indexing.ts'
import type { MaybeSize } from './symbols.ts'

function rows(call: Call): MaybeSize {
  const shape = call.shape(0)
  if (shape === null) return null
  return shape.length === 1 ? 1 : (shape[0] ?? null)
}

const floats: ShapeRule = (call) => [tensor('float32', call.shape(0))]

function hasEntries(call: Call, name: string): boolean {
  const attribute = call.attribute(name)
  if (attribute === null) return false
  return Array.isArray(attribute.value) || ArrayBuffer.isView(attribute.value)
    ? attribute.value.length > 0
    : true
}

/** The label's type is that of the classes listed. */
function labelType(call: Call): DtypeOrNone {
  const strings = ['classlabels_strings', 'classlabels_strings_v2']
  return strings.some((name) => hasEntries(call, name)) ? 'string' : 'int64'
}

/** Labels and scores. How many scores a row has depends on the model's form. */
const classifier: ShapeRule = (call) => [
  tensor(labelType(call), [rows(call)]),
  tensor('float32', [rows(call), null]),
]

function regressor(targets: (call: Call) => MaybeSize): ShapeRule {
  return (call) => [tensor('float32', [rows(call), targets(call)])]
}

const targetCount = (call: Call) =>
  call.attribute('n_targets') === null ? null : call.int('n_targets', 1)

/** Opset 5 of ai.onnx.ml keeps the type of X. */
const treeEnsemble: ShapeRule = (call) => [
  tensor(call.dtype(0), [rows(call), call.int('n_targets', 1)]),
]

const labelEncoder: ShapeRule = (call) => {
  const values: readonly (readonly [string, DtypeOrNone])[] = [
    ['values_strings', 'string'],
    ['values_int64s', 'int64'],
    ['values_floats', 'float32'],
  ]
  const stated = values.find(([name]) => hasEntries(call, name))?.[1]
  const table = call.attribute('values_tensor')
  if (table?.type === 'tensor') return [tensor(table.value.dtype, call.shape(0))]
  return [tensor(stated ?? otherOf(call.dtype(0)), call.shape(0))]
}

/** Strings become integers and integers become strings. */
function otherOf(dtype: DtypeOrNone): DtypeOrNone {
  if (dtype === 'none') return 'none'
  return dtype === 'string' ? 'int64' : 'string'
}

const categoryMapper: ShapeRule = (call) => [tensor(otherOf(call.dtype(0)), call.shape(0))]

const oneHotEncoder: ShapeRule = (call) => {
  const strings = call.attribute('cats_strings')
  const count =
    strings?.type === 'strings' ? strings.value.length : (call.ints('cats_int64s')?.length ?? null)
  const shape = call.shape(0)
  return [tensor('float32', shape === null ? null : [...shape, count])]
}

const featureVectorizer: ShapeRule = (call) => {
  const widths = call.ints('inputdimensions')
  const width = widths === null ? null : widths.reduce((sum, each) => sum + each, 0)
  return [tensor('float32', [rows(call), width])]
}

/** One map from labels to scores per row. */
const zipMap: ShapeRule = (call) => {
  const key = labelType(call)
  const value = { kind: 'tensor', dtype: 'float32', shape: [] } as const
  const element: Fact = { kind: 'other', type: { kind: 'map', key, value } }
  return [container('sequence', element)]
}

const castMap: ShapeRule = (call) => {
  const to = call.string('cast_to', 'TO_FLOAT')
  const dtype = to === 'TO_STRING' ? 'string' : to === 'TO_INT64' ? 'int64' : 'float32'
  return [ofRank(dtype, 2)]
}

/** One row: the map's values in the order of the vocabulary, zeros for words that it lacks. */
const dictVectorizer: ShapeRule = (call) => {
  const fact = call.fact(0)
  const value = fact?.kind === 'other' && fact.type.kind === 'map' ? fact.type.value : null
  const words = call.attribute('string_vocabulary')
  const count =
    words?.type === 'strings' ? words.value.length : call.ints('int64_vocabulary')?.length
  return [tensor(value !== null && 'dtype' in value ? value.dtype : 'none', [1, count ?? null])]
}

export const CLASSICAL_RULES: RuleTable = {
  ArrayFeatureExtractor: (call) => [pickedColumns(call)],
  Binarizer: sameAsFirst,
  CastMap: castMap,
  CategoryMapper: categoryMapper,
  DictVectorizer: dictVectorizer,
  FeatureVectorizer: featureVectorizer,
  Imputer: sameAsFirst,
  LabelEncoder: labelEncoder,
  LinearClassifier: classifier,
  LinearRegressor: regressor((call) => call.int('targets', 1)),
  Normalizer: floats,
  OneHotEncoder: oneHotEncoder,
  SVMClassifier: classifier,
  SVMRegressor: regressor(() => 1),
  Scaler: floats,
  TreeEnsemble: treeEnsemble,
  TreeEnsembleClassifier: classifier,
  TreeEnsembleRegressor: regressor(targetCount),
  ZipMap: zipMap,
}
