// The variables that drivers of accelerators read. Everything else of the service's environment stays out of the children.

const NAMES = [
  'LD_LIBRARY_PATH',
  'CUDA_VISIBLE_DEVICES',
  'NVIDIA_VISIBLE_DEVICES',
  'NVIDIA_DRIVER_CAPABILITIES',
  'VK_ICD_FILENAMES',
  'VK_DRIVER_FILES',
] as const

export function driverEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of NAMES) {
    const value = env[name]
    if (value !== undefined) found[name] = value
  }
  return found
}
