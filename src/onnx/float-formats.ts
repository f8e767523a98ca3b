// Narrow floating-point formats ↔ float32, in bulk. Rounding is to nearest, ties to even.
// float8 formats: arXiv:2209.05433 (FN) and arXiv:2206.02915 (FNUZ); float4e2m1 and float8e8m0: OCP Microscaling Formats 1.0.

const FLOAT = new Float32Array(1)
const BITS = new Uint32Array(FLOAT.buffer)

export type NarrowFloat =
  | 'float16'
  | 'bfloat16'
  | 'float8e4m3fn'
  | 'float8e4m3fnuz'
  | 'float8e5m2'
  | 'float8e5m2fnuz'
  | 'float8e8m0'
  | 'float4e2m1'

interface Layout {
  readonly exponentBits: number
  readonly mantissaBits: number
  readonly bias: number
  /** 'ieee': infinities and NaN in the last exponent; 'fn': the all-ones pattern is NaN; 'fnuz': the pattern of −0 is NaN; 'finite': neither. */
  readonly specials: 'ieee' | 'fn' | 'fnuz' | 'finite'
}

const LAYOUTS: Record<Exclude<NarrowFloat, 'float8e8m0' | 'bfloat16'>, Layout> = {
  float16: { exponentBits: 5, mantissaBits: 10, bias: 15, specials: 'ieee' },
  float8e4m3fn: { exponentBits: 4, mantissaBits: 3, bias: 7, specials: 'fn' },
  float8e4m3fnuz: { exponentBits: 4, mantissaBits: 3, bias: 8, specials: 'fnuz' },
  float8e5m2: { exponentBits: 5, mantissaBits: 2, bias: 15, specials: 'ieee' },
  float8e5m2fnuz: { exponentBits: 5, mantissaBits: 2, bias: 16, specials: 'fnuz' },
  float4e2m1: { exponentBits: 2, mantissaBits: 1, bias: 1, specials: 'finite' },
}

function decodePattern(pattern: number, layout: Layout): number {
  const { exponentBits, mantissaBits, bias, specials } = layout
  const signBit = 2 ** (exponentBits + mantissaBits)
  const negative = pattern >= signBit
  const magnitude = pattern % signBit
  if (specials === 'fnuz' && pattern === signBit) return Number.NaN
  if (specials === 'fn' && magnitude === signBit - 1) return Number.NaN
  const exponent = Math.floor(magnitude / 2 ** mantissaBits)
  const mantissa = magnitude % 2 ** mantissaBits
  if (specials === 'ieee' && exponent === 2 ** exponentBits - 1) {
    if (mantissa !== 0) return Number.NaN
    return negative ? -Infinity : Infinity
  }
  const fraction = mantissa / 2 ** mantissaBits
  const value =
    exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias)
  return negative ? -value : value
}

function buildTable(format: NarrowFloat): Float32Array {
  switch (format) {
    case 'bfloat16':
      return new Float32Array(Uint32Array.from({ length: 65536 }, (_, index) => index << 16).buffer)
    case 'float8e8m0':
      return Float32Array.from({ length: 256 }, (_, index) =>
        index === 255 ? Number.NaN : 2 ** (index - 127),
      )
    default: {
      const layout = LAYOUTS[format]
      const length = 2 ** (1 + layout.exponentBits + layout.mantissaBits)
      return Float32Array.from({ length }, (_, index) => decodePattern(index, layout))
    }
  }
}

const TABLES = new Map<NarrowFloat, Float32Array>()

/** The value of every bit pattern of the format. */
function tableOf(format: NarrowFloat): Float32Array {
  const known = TABLES.get(format)
  if (known !== undefined) return known
  const table = buildTable(format)
  TABLES.set(format, table)
  return table
}

/** Bit patterns → float32. */
export function decodeFloats(
  format: NarrowFloat,
  patterns: Uint16Array | Uint8Array,
): Float32Array {
  const table = tableOf(format)
  const values = new Float32Array(patterns.length)
  for (let index = 0; index < patterns.length; index += 1) {
    values[index] = table[patterns[index] ?? 0] ?? Number.NaN
  }
  return values
}

export function float16ToFloat32(pattern: number): number {
  return tableOf('float16')[pattern] ?? Number.NaN
}

/** The float16 bit pattern of a float32: overflow becomes infinity, subnormals are kept. */
export function float32ToFloat16(value: number): number {
  FLOAT[0] = value
  return narrowToFloat16(BITS[0] ?? 0)
}

function narrowToFloat16(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const magnitude = bits & 0x7fff_ffff
  // 65536 and above, infinities, NaN (made quiet).
  if (magnitude >= 0x4780_0000) {
    if (magnitude <= 0x7f80_0000) return sign | 0x7c00
    return sign | 0x7e00 | ((magnitude >>> 13) & 0x1ff)
  }
  // Below 2^-14: adding 0.5 makes the hardware round at the subnormal's last bit.
  if (magnitude < 0x3880_0000) {
    BITS[0] = magnitude
    FLOAT[0] = (FLOAT[0] ?? 0) + 0.5
    return sign | ((BITS[0] ?? 0) - 0x3f00_0000)
  }
  // Rebias by 15 − 127, add just under half of the last kept bit, one more when that bit is odd.
  const odd = (magnitude >>> 13) & 1
  return sign | ((magnitude - 0x3800_0000 + 0xfff + odd) >>> 13)
}

export function encodeFloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const patterns = new Uint16Array(values.length)
  for (let index = 0; index < bits.length; index += 1) {
    patterns[index] = narrowToFloat16(bits[index] ?? 0)
  }
  return patterns
}

export function encodeBfloat16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const patterns = new Uint16Array(values.length)
  for (let index = 0; index < bits.length; index += 1) {
    const word = bits[index] ?? 0
    const notANumber = (word & 0x7fff_ffff) > 0x7f80_0000
    patterns[index] = notANumber
      ? (word >>> 16) | 0x40
      : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16
  }
  return patterns
}

const NEAREST = new Map<NarrowFloat, readonly (readonly [magnitude: number, pattern: number])[]>()

/** Finite magnitudes in ascending order; the pattern of the negative has the sign bit on top. */
function magnitudesOf(format: NarrowFloat): readonly (readonly [number, number])[] {
  const known = NEAREST.get(format)
  if (known !== undefined) return known
  const half = format === 'float8e8m0' ? 256 : tableOf(format).length / 2
  const magnitudes = Array.from(tableOf(format).subarray(0, half), (value, pattern) => {
    return [value, pattern] as const
  })
  const finite = magnitudes.filter(([value]) => Number.isFinite(value))
  NEAREST.set(format, finite)
  return finite
}

/** Values → bit patterns of a format of 8 or 4 bits: nearest, ties to even, overflow to the largest finite value. */
export function encodeSmallFloats(
  format: Exclude<NarrowFloat, 'float16' | 'bfloat16'>,
  values: ArrayLike<number>,
): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(values, (value) => encodeSmallFloat(format, value))
}

function encodeSmallFloat(
  format: Exclude<NarrowFloat, 'float16' | 'bfloat16'>,
  value: number,
): number {
  const table = tableOf(format)
  const exact = table.findIndex((candidate) => Object.is(candidate, value))
  if (exact >= 0) return exact
  let best = 0
  let distance = Infinity
  for (const [magnitude, pattern] of magnitudesOf(format)) {
    const gap = Math.abs(Math.abs(value) - magnitude)
    if (gap < distance || (gap === distance && pattern % 2 === 0)) {
      best = pattern
      distance = gap
    }
  }
  const signed = format !== 'float8e8m0' && value < 0 && best !== 0
  return signed ? best + table.length / 2 : best
}
