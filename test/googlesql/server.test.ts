/** The reference does not outlive the tests. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { whatIsMissing } from './server.ts'

const missing = whatIsMissing()

const STARTER = `
  import { startReference } from ${JSON.stringify(join(import.meta.dirname, 'reference.ts'))}
  const reference = await startReference()
  console.log(reference.address)
`

function answers(port: number): Promise<boolean> {
  const socket = connect(port, 'localhost')
  return new Promise((resolve) => {
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

test.skipIf(missing !== undefined)(
  `the reference ends when the process that started it is killed${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  async () => {
    const starter = spawn(process.execPath, ['--input-type=module', '--eval', STARTER])
    const [address] = await once(starter.stdout, 'data')
    const port = Number(String(address).trim().split(':').at(-1))
    expect(await answers(port)).toBe(true)
    const exited = once(starter, 'exit')
    starter.kill('SIGKILL')
    await exited
    await expect.poll(() => answers(port), { timeout: 10_000 }).toBe(false)
  },
)
