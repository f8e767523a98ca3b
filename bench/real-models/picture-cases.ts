// Models that see pictures.

import type { ModelCase } from './case.ts'
import type { Normalisation } from './datasets/decode-picture.ts'
import { cifar10 } from './datasets/cifar10.ts'
import { imagenetSamples } from './datasets/imagenet-samples.ts'
import { mnist } from './datasets/mnist.ts'
import { personPresent } from './datasets/person-present.ts'
import { textLines } from './datasets/text-lines.ts'

const CALIBRATION = 128
const RAW = { layout: 'NCHW', mean: 0, std: 1 } as const
const UNIT_NHWC = { layout: 'NHWC', mean: 0, std: 255 } as const

function percent(
  mean: readonly [number, number, number],
  std: readonly [number, number, number],
): Normalisation {
  const scaled = (values: readonly [number, number, number]) =>
    [values[0] * 255, values[1] * 255, values[2] * 255] as const
  return { layout: 'NCHW', mean: scaled(mean), std: scaled(std) }
}

interface CifarModel {
  readonly model: string
  readonly kind: string
  readonly input: string
  readonly documented: number
  readonly normalisation: Normalisation
}

function cifarCase({ input, normalisation, ...rest }: CifarModel): ModelCase {
  const form = { input, side: 32, normalisation, calibration: CALIBRATION }
  return {
    ...rest,
    metric: 'top1',
    load: (folder, evaluation) => cifar10(folder, { ...form, evaluation }),
  }
}

export const PICTURE_CASES: readonly ModelCase[] = [
  {
    model: 'mnist-8',
    kind: 'LeNet, IR 3',
    metric: 'top1',
    documented: 0.9891,
    load: (folder, evaluation) =>
      mnist(folder, {
        input: 'Input3',
        sample: [1, 28, 28],
        divisor: 1,
        calibration: CALIBRATION,
        evaluation,
      }),
  },
  {
    model: 'mnist-net_256x4',
    kind: 'MLP',
    metric: 'top1',
    documented: 0.9764,
    load: (folder, evaluation) =>
      mnist(folder, {
        input: '0',
        sample: [784, 1],
        divisor: 255,
        calibration: CALIBRATION,
        evaluation,
      }),
  },
  cifarCase({
    model: 'resnet8_large_cifar10',
    kind: 'ResNet-8 wide, BN folded',
    input: 'input',
    documented: 0.8118,
    normalisation: RAW,
  }),
  cifarCase({
    model: 'resnet8_bn_cifar10',
    kind: 'ResNet-8, BN unfused',
    input: 'input',
    documented: 0.7553,
    normalisation: RAW,
  }),
  cifarCase({
    model: 'cifar_resnet14_bn',
    kind: 'ResNet-14, BN unfused',
    input: 'input',
    documented: 0.8487,
    normalisation: { layout: 'NCHW', mean: [125.3, 123, 113.9], std: [63, 62.1, 66.7] },
  }),
  cifarCase({
    model: 'cifar_vit_pgd_2_3_16',
    kind: 'vision transformer',
    input: 'input',
    documented: 0.5893,
    normalisation: percent([0.4914, 0.4822, 0.4465], [0.2023, 0.1994, 0.201]),
  }),
  cifarCase({
    model: 'squeezenet_cifar10',
    kind: 'fire modules, NHWC',
    input: 'input_1',
    documented: 0.7445,
    normalisation: UNIT_NHWC,
  }),
  cifarCase({
    model: 'cifar_nhwc_large',
    kind: 'CNN, NHWC',
    input: 'x:0',
    documented: 0.7262,
    normalisation: UNIT_NHWC,
  }),
  {
    model: 'mobilenet_v2_1.0_224_tf2',
    kind: 'MobileNetV2',
    metric: 'top1',
    documented: 0.8667,
    load: (folder, evaluation) =>
      imagenetSamples(folder, {
        input: 'input',
        side: 224,
        geometry: { crop: 224 },
        normalisation: { layout: 'NCHW', mean: 127.5, std: 127.5 },
        labelOffset: 1,
        calibration: 100,
        evaluation: Math.min(evaluation, 300),
      }),
  },
  {
    model: 'mobilenet_v1_0.25_128',
    kind: 'MobileNetV1 ¼',
    metric: 'top1',
    documented: 0.46,
    load: (folder, evaluation) =>
      imagenetSamples(folder, {
        input: 'input',
        side: 128,
        geometry: { crop: 224, resize: [128, 128], filter: 'lanczos' },
        normalisation: { layout: 'NCHW', mean: 128, std: 128 },
        labelOffset: 1,
        calibration: 100,
        evaluation: Math.min(evaluation, 480),
      }),
  },
  {
    model: 'mobilenet_v1_1.0_cifar10_96',
    kind: 'MobileNetV1, BN unfused, hard',
    metric: 'top1',
    documented: 0.7825,
    load: (folder, evaluation) =>
      cifar10(folder, {
        input: 'input',
        side: 96,
        geometry: { resize: [96, 96], filter: 'cubic' },
        normalisation: { layout: 'NCHW', mean: 127.5, std: 127.5 },
        calibration: CALIBRATION,
        evaluation,
      }),
  },
  {
    model: 'vww_mobilenetv1_025_bn',
    kind: 'visual wake words, BN unfused',
    metric: 'top1',
    documented: 0.872,
    load: (folder) => personPresent(folder),
  },
  {
    model: 'ppocr_v2_cls',
    kind: 'text line turned, Paddle export',
    metric: 'top1',
    documented: 0.9867,
    load: (folder) => textLines(folder),
  },
]
