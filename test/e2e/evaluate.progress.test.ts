/** What a person sees of `evaluate` while a server works on it. */
import { expect, onTestFinished, test } from 'vitest'
import { callServer, serveOperations } from '../../functions/local/socket.ts'
import { startServer } from '../support/server.ts'

test('a server says how far an evaluation is from its first statement on', async () => {
  const { deps } = await startServer()
  const socket = await serveOperations(deps)
  onTestFinished(() => void socket.close())
  const steps: string[] = []
  const { dataFolder } = deps.settings
  const answered = await callServer(dataFolder, 'evaluate', {}, ({ doing, done }) => {
    steps.push(`${doing}: ${done}`)
  })
  expect(answered).toBeDefined()
  expect(steps[0]).toBe('checking the data: 0')
  expect(steps.some((step) => step.startsWith('asking the views: '))).toBe(true)
})
