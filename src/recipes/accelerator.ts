// Where a job may compute.

export const ACCELERATORS = ['cpu', 'cuda', 'webgpu'] as const
export type Accelerator = (typeof ACCELERATORS)[number]
