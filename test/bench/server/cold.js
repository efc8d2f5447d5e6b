// Loaded before functions-framework's own binary for what is measured from its first moment, so as little as can be, and
// JavaScript: says when it listens, then answers the bench (answers.ts) about the CPU time so far.
import { registerHooks } from 'node:module'
import { Server } from 'node:net'

/** Packages that were loaded, in runs that are not timed. */
const loaded = new Set()
if (process.env.BENCH_LIST === 'true') {
  registerHooks({
    load(url, context, next) {
      const [, name] = /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(url) ?? []
      loaded.add(name ?? url)
      return next(url, context)
    },
  })
}

const { listen } = Server.prototype
Server.prototype.listen = function (...args) {
  this.once('listening', () => process.send({ answer: this.address().port }))
  return listen.apply(this, args)
}

const answers = {
  cpuMs() {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  },
  /** As the first message would. */
  async load(packages) {
    for (const name of packages) await import(name)
  },
  loaded: () => [...loaded],
  end: () => process.exit(0),
}

process.on('disconnect', () => process.exit(1))
process.on('message', async ({ question, input }) => process.send({ answer: await answers[question](input) }))
