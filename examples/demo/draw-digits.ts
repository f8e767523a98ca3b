// The demo's data: digits drawn as pen strokes, moved, turned and stained with noise. The same seed draws the same pictures.

export const SIDE = 28
export const PIXELS = SIDE * SIDE
export const CLASSES = 10

export interface Digits {
  /** [count, 1, 28, 28], ink 1, paper 0, plus noise. */
  readonly images: Float32Array
  readonly labels: BigInt64Array
  readonly count: number
}

type Point = readonly [number, number]

// Strokes in the unit square, x to the right, y down.
const STROKES: readonly (readonly Point[])[][] = [
  [circle(0.5, 0.5, 0.25, 0.38)],
  [
    [
      [0.35, 0.3],
      [0.52, 0.12],
      [0.52, 0.88],
    ],
  ],
  [
    [
      [0.26, 0.3],
      [0.4, 0.14],
      [0.64, 0.16],
      [0.7, 0.36],
      [0.26, 0.86],
      [0.74, 0.86],
    ],
  ],
  [
    [
      [0.28, 0.14],
      [0.7, 0.14],
      [0.48, 0.44],
      [0.7, 0.62],
      [0.62, 0.84],
      [0.28, 0.82],
    ],
  ],
  [
    [
      [0.6, 0.88],
      [0.6, 0.12],
      [0.24, 0.62],
      [0.76, 0.62],
    ],
  ],
  [
    [
      [0.7, 0.14],
      [0.32, 0.14],
      [0.3, 0.46],
      [0.6, 0.44],
      [0.7, 0.64],
      [0.58, 0.86],
      [0.28, 0.84],
    ],
  ],
  [
    [
      [0.62, 0.12],
      [0.36, 0.42],
      [0.3, 0.66],
    ],
    circle(0.5, 0.67, 0.2, 0.2),
  ],
  [
    [
      [0.26, 0.14],
      [0.74, 0.14],
      [0.42, 0.88],
    ],
  ],
  [circle(0.5, 0.31, 0.18, 0.18), circle(0.5, 0.68, 0.22, 0.2)],
  [
    circle(0.5, 0.33, 0.2, 0.2),
    [
      [0.7, 0.36],
      [0.6, 0.88],
    ],
  ],
]

export function drawDigits(count: number, seed: number): Digits {
  const random = mulberry32(seed)
  const images = new Float32Array(count * PIXELS)
  const labels = new BigInt64Array(count)
  for (let index = 0; index < count; index += 1) {
    const digit = index % CLASSES
    labels[index] = BigInt(digit)
    drawDigit(images.subarray(index * PIXELS, (index + 1) * PIXELS), digit, random)
  }
  return { images, labels, count }
}

function drawDigit(image: Float32Array, digit: number, random: () => number): void {
  const angle = (random() - 0.5) * 0.5
  const scale = 0.8 + random() * 0.35
  const shift: Point = [(random() - 0.5) * 0.2, (random() - 0.5) * 0.2]
  const width = 0.035 + random() * 0.03
  const noise = 0.15 + random() * 0.15
  const strokes = STROKES[digit]!.map((stroke) =>
    stroke.map((point) => move(point, angle, scale, shift)),
  )
  for (let row = 0; row < SIDE; row += 1) {
    for (let column = 0; column < SIDE; column += 1) {
      const here: Point = [(column + 0.5) / SIDE, (row + 0.5) / SIDE]
      const ink = 1 - smooth(distanceToStrokes(here, strokes) / width - 1)
      image[row * SIDE + column] = ink + (random() - 0.5) * noise
    }
  }
}

function circle(x: number, y: number, width: number, height: number): Point[] {
  return Array.from({ length: 17 }, (_, step) => {
    const angle = (step / 16) * 2 * Math.PI
    return [x + width * Math.sin(angle), y - height * Math.cos(angle)] as const
  })
}

function move([x, y]: Point, angle: number, scale: number, [right, down]: Point): Point {
  const [dx, dy] = [(x - 0.5) * scale, (y - 0.5) * scale]
  return [
    0.5 + dx * Math.cos(angle) - dy * Math.sin(angle) + right,
    0.5 + dx * Math.sin(angle) + dy * Math.cos(angle) + down,
  ]
}

function distanceToStrokes(point: Point, strokes: readonly (readonly Point[])[]): number {
  let nearest = Infinity
  for (const stroke of strokes) {
    for (let index = 1; index < stroke.length; index += 1) {
      nearest = Math.min(nearest, distanceToSegment(point, stroke[index - 1]!, stroke[index]!))
    }
  }
  return nearest
}

function distanceToSegment([x, y]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay]
  const along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)
  const t = Math.min(1, Math.max(0, along))
  return Math.hypot(x - ax - t * dx, y - ay - t * dy)
}

function smooth(value: number): number {
  return Math.min(1, Math.max(0, value))
}

/** A small generator of numbers in [0, 1): mulberry32. */
export function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
