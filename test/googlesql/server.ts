/** Google's reference implementation of GoogleSQL: a program of its own that answers on a local port. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'

const FOLDER = join(import.meta.dirname, 'node_modules/@fivetrandevelopers/zetasql/lib/zetasql')
const PROGRAM = join(FOLDER, 'remote_server.so')
export const PROTOS = join(FOLDER, 'protos')

export type ReferenceServer = {
  address: string
  /** What it has printed so far. */
  printed(): string
  /** Resolves when the program is gone. */
  stop(): Promise<void>
}

/** Why the reference cannot run here; undefined when it can. */
export function whatIsMissing(): string | undefined {
  const platform = `${process.platform}-${process.arch}`
  if (platform !== 'linux-x64') return `it is a program for linux-x64, and this is ${platform}`
  if (!hasGlibc()) return 'it is a program for glibc, which this Linux does not have'
  if (!existsSync(PROGRAM)) return 'it is not installed: npm run googlesql:install'
  return undefined
}

/** Starts the program; it takes about two seconds until it answers. */
export async function startServer(): Promise<ReferenceServer> {
  const port = await freePort()
  // The shell holds on until its input ends, which it does even when this process is killed, and ends the program then.
  const shell = spawn('sh', [
    '-c',
    '"$0" localhost "$1" & read -r _; kill -9 $!; wait',
    PROGRAM,
    String(port),
  ])
  let printed = ''
  for (const output of [shell.stdout, shell.stderr]) {
    output.on('data', (text) => {
      printed += text
    })
  }
  return {
    address: `localhost:${port}`,
    printed: () => printed,
    async stop() {
      // Its outputs are closed when the shell and the program are both gone.
      const closed = once(shell, 'close')
      shell.stdin.end()
      await closed
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, 'localhost')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('a port was asked for')
  return address.port
}

function hasGlibc(): boolean {
  const report = process.report?.getReport() as { header: { glibcVersionRuntime?: string } } | undefined
  return report?.header.glibcVersionRuntime !== undefined
}
