/** Who is busy: slots, outages, and from them what is free for whom. */
import type { World } from './world.ts'

export type Floor = {
  /** Of each arm: jobs that it has, and outages that it is in. */
  running: Int32Array
  outages: Int32Array
  isFull(arm: number): boolean
  /** Neither full nor gone. */
  isFree(arm: number): boolean
  /** Of the arms of a signature, those that are not full, gone or not: 2 ** place of each in its list, added up. */
  notFull(signature: number): number
  /** The arms of a signature that are there; all of them when none is. */
  online(signature: number): readonly number[]
  /** Also where it changed `outages`. */
  change(arm: number, by: 1 | -1): void
}

export function createFloor({ arms, signatures }: World): Floor {
  const running = new Int32Array(arms.length)
  const outages = new Int32Array(arms.length)
  const slots = Int32Array.from(arms, (arm) => arm.slots)
  let gone = 0
  const isFull = (arm: number) => (running[arm] as number) >= (slots[arm] as number)
  const armsOf = (signature: number) => (signatures[signature] as World['signatures'][number]).arms
  return {
    running,
    outages,
    isFull,
    isFree: (arm) => !isFull(arm) && outages[arm] === 0,
    notFull(signature) {
      let places = 0
      let bit = 1
      for (const arm of armsOf(signature)) {
        if (!isFull(arm)) places += bit
        bit *= 2
      }
      return places
    },
    online(signature) {
      const all = armsOf(signature)
      if (gone === 0) return all
      const there = all.filter((arm) => outages[arm] === 0)
      return there.length === 0 ? all : there
    },
    change(arm, by) {
      const before = outages[arm] as number
      outages[arm] = before + by
      if (before === 0) gone += 1
      else if (before + by === 0) gone -= 1
    },
  }
}
