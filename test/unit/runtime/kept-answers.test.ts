import { expect, test } from 'vitest'
import { keptAnswers } from '../../../shared/runtime/kept-answers.ts'

const FOR_LONG = 3_600_000

/** Counts its calls; each ends when it is told to. */
function work() {
  const ends: (() => void)[] = []
  return {
    ends,
    run: () => {
      const nth = ends.length
      return new Promise<number>((resolve) => ends.push(() => resolve(nth)))
    },
  }
}

test('who asks while it is being made, and who asks after, is given the one answer', async () => {
  const ask = keptAnswers<number>()
  const { ends, run } = work()
  const owner = {}
  const asked = [ask(owner, 'a', FOR_LONG, run), ask(owner, 'a', 0, run)]
  expect(ends).toHaveLength(1)
  ends[0]?.()
  expect(await Promise.all(asked)).toEqual([0, 0])
  expect(await ask(owner, 'a', FOR_LONG, run)).toBe(0)
})

test('an answer that is not to be kept is made anew, and so is one of another key or owner', async () => {
  const ask = keptAnswers<number>()
  const { ends, run } = work()
  const owner = {}
  const first = ask(owner, 'a', FOR_LONG, run)
  ask(owner, 'b', FOR_LONG, run)
  ask({}, 'a', FOR_LONG, run)
  expect(ends).toHaveLength(3)
  ends[0]?.()
  await first
  ask(owner, 'a', 0, run)
  expect(ends).toHaveLength(4)
})

test('a failure is told to all who wait, and not kept', async () => {
  const ask = keptAnswers<number>()
  const owner = {}
  const fail = () => Promise.reject(new Error('no'))
  const asked = [ask(owner, 'a', FOR_LONG, fail), ask(owner, 'a', FOR_LONG, fail)]
  for (const answer of asked) await expect(answer).rejects.toThrow('no')
  expect(await ask(owner, 'a', FOR_LONG, async () => 7)).toBe(7)
})

test('fifty are kept, the newest', async () => {
  const ask = keptAnswers<string>()
  const owner = {}
  const made: string[] = []
  const answer = (key: string) =>
    ask(owner, key, FOR_LONG, async () => {
      made.push(key)
      return key
    })
  const keys = Array.from({ length: 60 }, (_, index) => `key ${index}`)
  for (const key of keys) await answer(key)
  made.length = 0
  await answer('key 59')
  await answer('key 11')
  expect(made).toEqual([])
  await answer('key 3')
  expect(made).toEqual(['key 3'])
})
