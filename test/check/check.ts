/** Everything about the repository that can be checked without running the product: `npm run check`. */
import { jsonFaults, lockfileFaults, shellFaults, yamlFaults } from './files.ts'
import { listFiles, NeedsInstall, runTool } from './tool.ts'

type Check = {
  name: string
  says: string
  /** What is wrong, for a person to read; empty when nothing is. */
  faults(): Promise<string>
}

const checks: readonly Check[] = [
  {
    name: 'format and lint',
    says: 'biome finds nothing to change (npm run format repairs most of it)',
    faults: async () => runTool('biome', ['check', '.']),
  },
  {
    name: 'types',
    says: 'the TypeScript compiler accepts every file',
    faults: async () => runTool('tsc', ['--noEmit', '-p', '.']),
  },
  {
    name: 'architecture',
    says: 'folders import only what test/architecture.test.ts lets them',
    faults: async () => runTool('vitest', ['run', 'test/architecture.test.ts']),
  },
  {
    name: 'secrets',
    says: 'secretlint sees no token, key or password in any file that git has or would take',
    faults: async () => runTool('secretlint', ['--no-glob', ...listFiles()]),
  },
  {
    name: 'shell',
    says: 'bash or sh can parse every shell script',
    faults: async () => shellFaults(listFiles()),
  },
  {
    name: 'yaml and json',
    says: 'every YAML and JSON file parses without an error, a warning or a key given twice',
    faults: async () => [await yamlFaults(listFiles()), jsonFaults(listFiles())].filter(Boolean).join('\n'),
  },
  {
    name: 'lockfile',
    says: 'no package-lock.json names a download address, so that it installs from anywhere',
    faults: async () => lockfileFaults(listFiles()),
  },
]

async function passes(check: Check): Promise<boolean> {
  const startedAtMs = performance.now()
  let faults: string
  try {
    faults = await check.faults()
  } catch (error) {
    if (!(error instanceof NeedsInstall)) throw error
    faults = error.message
  }
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1)
  console.log(`${faults === '' ? 'ok  ' : 'FAIL'} ${check.name} (${seconds} s)`)
  if (faults !== '') console.log(faults.replace(/^(?=.)/gm, '     '))
  return faults === ''
}

function help(): string {
  const width = Math.max(...checks.map(({ name }) => name.length))
  const lines = checks.map(({ name, says }) => `  ${name.padEnd(width)}  ${says}`)
  return ['Usage: npm run check [-- "<name>"]', '', 'Without a name all of these, in turn:', ...lines].join(
    '\n',
  )
}

const asked = process.argv.slice(2).join(' ')
const chosen = asked === '' ? checks : checks.filter(({ name }) => name === asked)

if (asked === '--help' || asked === '-h') {
  console.log(help())
} else if (chosen.length === 0) {
  console.error(`There is no check "${asked}".\n\n${help()}`)
  process.exitCode = 2
} else {
  for (const check of chosen) {
    if (!(await passes(check))) process.exitCode = 1
  }
}
