import { expect, test } from 'vitest'
import { isForMe } from '../../../shared/domain/addressee.ts'

test('what was redriven is for who gave up on it, everything else for everybody', () => {
  expect(isForMe({ type: 'job.finished' }, 'learn')).toBe(true)
  expect(isForMe({ type: 'job.finished', redrive_for: 'learn' }, 'learn')).toBe(true)
  expect(isForMe({ type: 'job.finished', redrive_for: 'learn-0' }, 'learn')).toBe(false)
  expect(isForMe({ type: 'job.finished', redrive_for: '' }, 'learn')).toBe(false)
})
