/** A Pub/Sub that takes whatever is published and forgets it, for Google's own client: gRPC, one method. */
import { protos } from '@google-cloud/pubsub'
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js'
import { answerBench } from '../answers.ts'

const { PublishRequest, PublishResponse } = protos.google.pubsub.v1

const PUBLISH = {
  path: '/google.pubsub.v1.Publisher/Publish',
  requestStream: false,
  responseStream: false,
  requestDeserialize: (bytes: Buffer) => PublishRequest.decode(bytes).messages.length,
  requestSerialize: () => Buffer.alloc(0),
  responseSerialize: (messageIds: string[]) => Buffer.from(PublishResponse.encode({ messageIds }).finish()),
  responseDeserialize: (bytes: Buffer) => bytes,
} as const

let published = 0

function publish(call: ServerUnaryCall<number, string[]>, answer: sendUnaryData<string[]>): void {
  published += call.request
  answer(
    null,
    Array.from({ length: call.request }, (_, place) => String(published - place)),
  )
}

const server = new Server()
server.addService({ publish: PUBLISH }, { publish })
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error
  answerBench(port, { published: () => published })
})
