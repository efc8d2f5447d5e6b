/** One piece of work for all who ask for the same meanwhile, and its result for who asks again soon after. */

type Kept<T> = { answer: Promise<T>; madeAtMs: number | undefined }

/** Of those that are made already; more are forgotten, the oldest first. */
const MAX_KEPT = 50

/**
 * @returns a function that works, or answers what it has. `owner`: whose answers they are, so that tests have their own;
 *   `keptMs`: for how long an answer is given again, in real time, since the clock may jump. A failure is not kept.
 */
export function keptAnswers<T>() {
  const byOwner = new WeakMap<object, Map<string, Kept<T>>>()
  return (owner: object, key: string, keptMs: number, work: () => Promise<T>): Promise<T> => {
    const kept = byOwner.get(owner) ?? new Map<string, Kept<T>>()
    byOwner.set(owner, kept)
    forget(kept, performance.now() - keptMs)
    const found = kept.get(key)
    if (found !== undefined) return found.answer
    const its: Kept<T> = { answer: work(), madeAtMs: undefined }
    kept.set(key, its)
    const made = () => {
      its.madeAtMs = performance.now()
    }
    its.answer.then(made, () => kept.delete(key))
    return its.answer
  }
}

function forget<T>(kept: Map<string, Kept<T>>, madeBeforeMs: number): void {
  const made = [...kept].flatMap(([key, { madeAtMs }]) => (madeAtMs === undefined ? [] : [{ key, madeAtMs }]))
  const newestFirst = made.sort((a, b) => b.madeAtMs - a.madeAtMs)
  for (const [index, { key, madeAtMs }] of newestFirst.entries())
    if (madeAtMs <= madeBeforeMs || index >= MAX_KEPT) kept.delete(key)
}
