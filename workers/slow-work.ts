// Work that mostly waits for others: its place is given to the next when it takes long, and it goes on beside.

export interface SlowWork {
  /**
   * Resolves when the work is done, or has taken longer than `afterMs` while less than `most` go on beside.
   * Rejects as the work does, unless it was left alone by then: `onError` is told.
   */
  wait(work: Promise<void>): Promise<void>
  /** Resolves when nothing goes on any more. */
  rest(): Promise<void>
}

export function slowWork(
  afterMs: number,
  most: number,
  onError: (error: unknown) => void,
): SlowWork {
  const beside = new Set<Promise<void>>()

  return {
    wait: async (work) => {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<'late'>((resolve) => {
        timer = setTimeout(() => resolve('late'), afterMs)
      })
      const first = await Promise.race([work, late]).finally(() => clearTimeout(timer))
      if (first !== 'late') return
      if (beside.size >= most) return await work
      const alone = work.catch(onError).finally(() => beside.delete(alone))
      beside.add(alone)
    },
    rest: async () => {
      await Promise.all(beside)
    },
  }
}
