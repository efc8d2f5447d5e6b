/** The event bus of the cloud passes the same suite, on Google's emulator of Pub/Sub. */
import { test } from 'vitest'
import { startPubsubEmulator } from '../support/pubsub-emulator.ts'
import { eventBusContract } from './event-bus.ts'
import { pubsubHarness } from './gcp-bus.harness.ts'

const started = await startPubsubEmulator()
if ('missing' in started) test.skip(`event bus: Pub/Sub (${started.missing})`)
else eventBusContract(pubsubHarness(started.emulator))
