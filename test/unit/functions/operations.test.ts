import { expect, test } from 'vitest'
import { type OperationName, runOperation } from '../../../functions/operations.ts'
import { InvalidInputError } from '../../../shared/errors.ts'
import type { Deps } from '../../../shared/runtime/handler.ts'

const asked = (name: OperationName, input: unknown) =>
  Promise.resolve().then(() => runOperation(name, input, {} as Deps, () => {}))

test.each([
  ['modes-clear', { project: 'crm', reason: '' }, 'modes-clear: reason: is empty'],
  [
    'modes-clear',
    { project: '', reason: 'x'.repeat(1001) },
    /project: is empty; reason: is longer than 1000/,
  ],
  ['reset', { confirmed: true, reason: 'x'.repeat(501) }, 'reset: reason: is longer than 500 characters'],
  ['dead-letters', { limit: 0 }, 'dead-letters: limit: must be a number of at least 1'],
] as const)('%s refuses what it cannot use by the name of the option', async (name, input, message) => {
  await expect(asked(name, input)).rejects.toThrow(InvalidInputError)
  await expect(asked(name, input)).rejects.toThrow(message)
})
