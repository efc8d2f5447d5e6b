/** Runs the TypeScript compiler on a piece of source that uses the packages of test/terraform. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PACKAGES } from './hcl.ts'

const TSC = join(import.meta.dirname, '../../node_modules/typescript/bin/tsc')

/** What the compiler has to say, line by line; nothing when all is well. */
export function faultsOf(source: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'runner-bandit-'))
  try {
    symlinkSync(PACKAGES, join(folder, 'node_modules'))
    mkdirSync(join(folder, 'src'))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    writeFileSync(join(folder, 'src/infra.ts'), source)
    const options = '--noEmit --strict --exactOptionalPropertyTypes --skipLibCheck --module nodenext'
    const { stdout, status, error } = spawnSync(
      process.execPath,
      [TSC, ...options.split(' '), '--pretty', 'false', 'src/infra.ts'],
      { cwd: folder, encoding: 'utf8' },
    )
    if (error !== undefined) throw error
    const lines = stdout.split('\n').filter((line) => line.trim() !== '')
    if (status !== 0 && lines.length === 0) throw new Error(`tsc ended with ${status} and said nothing`)
    return lines
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
