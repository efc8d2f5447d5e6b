/** Work that must not overlap: each piece starts when the one before has ended, however it ended. */
export type InTurn = <T>(work: () => Promise<T>) => Promise<T>

export function takeTurns(): InTurn & { ended(): Promise<unknown> } {
  let last: Promise<unknown> = Promise.resolve()
  const inTurn: InTurn = (work) => {
    const result = last.then(work)
    // Its failure is told to who asked for it, and is none of the next one's.
    last = result.catch(() => undefined)
    return result
  }
  return Object.assign(inTurn, { ended: () => last })
}
