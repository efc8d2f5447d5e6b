/** Two files that run in one process, told apart by when `endWhatIsLeft` runs. */
import { expect, test } from 'vitest'
import { endWhatIsLeft, whenFileDone } from '../support/file-done.ts'

test('what is left is ended once, the newest first, and each before the next', async () => {
  const ended: string[] = []
  whenFileDone(() => ended.push('server'))
  whenFileDone(async () => {
    await new Promise((resolve) => setImmediate(resolve))
    ended.push('client')
  })
  await endWhatIsLeft()
  expect(ended).toEqual(['client', 'server'])
  await endWhatIsLeft()
  expect(ended).toEqual(['client', 'server'])
})

test('what comes later, as of the next file, is ended later', async () => {
  const ended: string[] = []
  whenFileDone(() => ended.push('first file'))
  await endWhatIsLeft()
  whenFileDone(() => ended.push('second file'))
  await endWhatIsLeft()
  expect(ended).toEqual(['first file', 'second file'])
})
