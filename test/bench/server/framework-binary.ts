/**
 * Loaded before functions-framework's own binary (`--import`): answers the bench as soon as the framework listens. With
 * BENCH_PUBSUB=memory the client of Pub/Sub keeps in memory what it is given: the client is not the adapter's.
 */
import { registerHooks } from 'node:module'
import { type AddressInfo, Server } from 'node:net'
import { answerBench } from '../answers.ts'

const isReplaced = process.env.BENCH_PUBSUB === 'memory' ? replaceClient() : () => true

const { listen } = Server.prototype
Server.prototype.listen = function (this: Server, ...args: unknown[]) {
  this.once('listening', () => {
    if (!isReplaced()) throw new Error('shared/adapters/gcp/pubsub.ts opens its client by another file now')
    answerBench((this.address() as AddressInfo).port, {})
  })
  return Reflect.apply(listen, this, args)
} as typeof listen

/** Says later whether anybody asked for the client. */
function replaceClient(): () => boolean {
  let replaced = false
  registerHooks({
    resolve(specifier, context, next) {
      const isBus = context.parentURL?.endsWith('/adapters/gcp/pubsub.ts') === true
      if (!isBus || specifier !== './pubsub-client.ts') return next(specifier, context)
      replaced = true
      return next(new URL('./memory-pubsub-client.ts', import.meta.url).href, context)
    },
  })
  return () => replaced
}
