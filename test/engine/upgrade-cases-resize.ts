// Upgrades of Upsample and Resize.

import type { UpgradeCase } from './upgrade-cases.ts'

export const RESIZE_CASES: readonly UpgradeCase[] = [
  {
    name: 'Upsample by an attribute, nearest',
    opset: 7,
    graph: `g (float[1, 2, 3, 4] x) => (float[?, ?, ?, ?] y) {
      y = Upsample <mode = "nearest", scales = [1.0, 1.0, 2.0, 2.5]> (x) }`,
    changed: ['Upsample', 'Resize'],
  },
  {
    name: 'Upsample by a constant, linear',
    opset: 9,
    graph: `g (float[1, 2, 3, 4] x) => (float[?, ?, ?, ?] y) <float[4] s = {1, 1, 2, 3}> {
      y = Upsample <mode = "linear"> (x, s) }`,
    changed: ['Upsample', 'Resize'],
  },
  {
    name: 'Upsample by computed scales',
    opset: 9,
    graph: `g (float[1, 2, 3, 4] x) => (float[?, ?, ?, ?] y) <float[4] s = {1, 1, 2, 3}> { t = Abs(s)
      y = Upsample <mode = "nearest"> (x, t) }`,
    changed: ['Upsample', 'Resize'],
  },
  {
    name: 'Resize of opset 10, nearest, smaller and larger',
    opset: 10,
    graph: `g (float[1, 2, 7, 9] x) => (float[?, ?, ?, ?] y, float[?, ?, ?, ?] z)
      <float[4] s = {1, 1, 0.6, 0.4}, float[4] t = {1, 1, 1.7, 2.3}> {
      y = Resize <mode = "nearest"> (x, s) z = Resize <mode = "nearest"> (x, t) }`,
    changed: ['Resize'],
  },
  {
    name: 'Resize of opset 10, linear, smaller and larger at once',
    opset: 10,
    graph: `g (float[1, 2, 7, 9] x) => (float[?, ?, ?, ?] y) <float[4] s = {1, 1, 0.6, 1.4}> {
      y = Resize <mode = "linear"> (x, s) }`,
    changed: ['Resize'],
  },
  {
    name: 'Resize of opset 11 with empty inputs',
    opset: 11,
    graph: `g (float[1, 2, 4, 4] x) => (float[?, ?, ?, ?] y, float[?, ?, ?, ?] z)
      <float[0] none = {}, int64[4] size = {1, 2, 7, 5}, float[4] s = {1, 1, 2, 2}> {
      y = Resize <mode = "cubic", coordinate_transformation_mode = "align_corners"> (x, none, none, size)
      z = Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"> (x, none, s) }`,
    changed: ['Resize'],
  },
  {
    name: 'Resize of opset 11 for nearest neighbours, half pixels',
    opset: 11,
    graph: `g (float[1, 1, 5, 7] x) => (float[?, ?, ?, ?] y) <float[0] none = {}, int64[4] size = {1, 1, 8, 3}> {
      y = Resize <mode = "nearest", coordinate_transformation_mode = "tf_half_pixel_for_nn", nearest_mode = "floor">
        (x, none, none, size) }`,
    changed: ['Resize'],
  },
  {
    name: 'Resize of opset 11 with a region',
    opset: 11,
    graph: `g (float[1, 1, 4, 4] x) => (float[?, ?, ?, ?] y)
      <float[8] roi = {0, 0, 0.4, 0.6, 1, 1, 0.6, 0.8}, float[0] none = {}, int64[4] size = {1, 1, 3, 3}> {
      y = Resize <mode = "linear", coordinate_transformation_mode = "tf_crop_and_resize"> (x, roi, none, size) }`,
    changed: ['Resize'],
  },
]
