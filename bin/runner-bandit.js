#!/usr/bin/env node
// Finds a Node that runs TypeScript as it is (22.18 or newer) and starts the command line with it. Plain
// JavaScript, since an older Node has to be able to read this much.
import { spawn } from 'node:child_process'
import * as nodeModule from 'node:module'
import { fileURLToPath } from 'node:url'

const cli = new URL('../functions/cli.ts', import.meta.url)

if (isNewEnough(process.versions.node)) {
  // What was compiled once need not be again: a start takes less time, and the process some 20 MB less.
  nodeModule.enableCompileCache()
  await import(cli.href)
} else {
  const node = bundledNode()
  if (node === undefined) {
    console.error(
      `runner-bandit needs Node 22.18 or newer, and this is ${process.versions.node}. ` +
        'On Linux, "npm ci" brings a fitting one; elsewhere, install Node 24.',
    )
    process.exit(1)
  }
  runWith(node)
}

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 18)
}

/** The Node that the lockfile pins for this platform. */
function bundledNode() {
  try {
    return nodeModule
      .createRequire(import.meta.url)
      .resolve(`node-${process.platform}-${process.arch}/bin/node`)
  } catch {
    return undefined
  }
}

function runWith(node) {
  // The channel tells the child when this process is gone, however it went.
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (signal === 'SIGKILL' ? 9 : 15)
  })
}
