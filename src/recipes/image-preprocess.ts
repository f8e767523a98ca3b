// From a picture to a tensor: resize the short side, crop the centre, (x · scale − mean) / std.

import { z } from 'zod'

export const imagePreprocess = z
  .strictObject({
    input: z
      .string()
      .min(1)
      .max(256)
      .default('input')
      .describe('The model input that receives the pictures.'),
    resize: z
      .union([
        z.int().min(1).max(8192),
        z.tuple([z.int().min(1).max(8192), z.int().min(1).max(8192)]),
      ])
      .nullable()
      .default(null)
      .describe('Short side in pixels, or [height, width] exactly; null keeps the size.'),
    crop: z
      .union([
        z.int().min(1).max(8192),
        z.tuple([z.int().min(1).max(8192), z.int().min(1).max(8192)]),
      ])
      .nullable()
      .default(null)
      .describe('Centre crop in pixels: a side, or [height, width].'),
    scale: z
      .number()
      .positive()
      .default(1 / 255),
    mean: z.array(z.number()).min(1).max(4).default([0]),
    std: z.array(z.number().positive()).min(1).max(4).default([1]),
    layout: z.enum(['NCHW', 'NHWC']).default('NCHW'),
    channels: z.enum(['RGB', 'BGR', 'GRAY']).default('RGB'),
  })
  .meta({ id: 'ImagePreprocess' })

export type ImagePreprocess = z.infer<typeof imagePreprocess>
