// Publishes one product and waits for what the catalogue makes of it. With kafkajs.
//
// The address comes from SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS, the prefix of the topics from SHOPSYNC_TOPIC_PREFIX. With
// SHOPSYNC_KAFKA_USERNAME it logs in (SHOPSYNC_KAFKA_PASSWORD, SHOPSYNC_KAFKA_CA_FILE).

import { readFileSync } from 'node:fs'
import { decompress } from 'fzstd'
import kafkajs from 'kafkajs'

const { CompressionCodecs, CompressionTypes, Kafka, Partitioners, logLevel } = kafkajs
const SERVERS = process.env.SHOPSYNC_KAFKA_BOOTSTRAP_SERVERS ?? 'localhost:9092'
const PREFIX = process.env.SHOPSYNC_TOPIC_PREFIX ?? 'shopsync'
const KEY = 'demo/A-100' // {shop_key}/{product_no}: the key, and the event's subject
const PATIENCE = 60

// shopsync writes with zstd, which kafkajs cannot read by itself.
CompressionCodecs[CompressionTypes.ZSTD] = () => ({
  compress: async () => { throw new Error('this program writes uncompressed') },
  decompress: async (buffer) => Buffer.from(decompress(buffer)),
})

// How to log in where Kafka asks for it: TLS, name and password.
const { SHOPSYNC_KAFKA_USERNAME: username, SHOPSYNC_KAFKA_PASSWORD: password } = process.env
const login = username === undefined ? {} : {
  ssl: { ca: [readFileSync(process.env.SHOPSYNC_KAFKA_CA_FILE)] },
  sasl: { mechanism: 'scram-sha-512', username, password },
}
const kafka = new Kafka({ clientId: 'erp', brokers: SERVERS.split(','), ...login, logLevel: logLevel.WARN })

// What the shop says about the product at this moment, in its CloudEvents envelope.
function productChanged(now) {
  const [shopKey, productNo] = KEY.split('/')
  return {
    specversion: '1.0',
    id: `erp/${KEY}/${now}`, // the same fact sent again has the same id
    source: '/erp',
    type: 'jp.shopsync.product.changed.v1',
    subject: KEY,
    time: now,
    datacontenttype: 'application/json',
    data: {
      shop_key: shopKey,
      product_no: productNo,
      mode: 'changed_only',
      observed_at: now,
      product: {
        updated_at: now,
        name: 'リネンシャツ',
        images: ['https://img.example.jp/a-100.jpg'],
        sale_form: 'regular',
        regular_price: 3500,
        tax: { included: false, rate_percent: 10, rounding: 'down' },
        stock_managed: true,
        skus: [{ stock: 10 }],
      },
    },
  }
}

// Sends the event, and returns when Kafka has it.
async function publish(event) {
  // The partitioner of the Java client: others would put the product into another partition.
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  await producer.send({
    topic: `${PREFIX}.product-changes.v1`,
    messages: [{
      key: KEY,
      value: JSON.stringify(event),
      headers: { 'content-type': 'application/cloudevents+json; charset=UTF-8' },
    }],
  })
  await producer.disconnect()
}

// The first snapshot of the product that knows what the shop said at this moment.
async function snapshotSince(moment) {
  const consumer = kafka.consumer({ groupId: `${PREFIX}.other-systems.first-event` })
  await consumer.connect()
  await consumer.subscribe({ topic: `${PREFIX}.catalog-products.v1`, fromBeginning: true })
  let timer
  const found = new Promise((resolve) => {
    timer = setTimeout(() => resolve(null), PATIENCE * 1000)
    consumer.run({
      eachMessage: async ({ message }) => {
        if (message.key?.toString() !== KEY || message.value === null) return // a null value: it was deleted
        const event = JSON.parse(message.value.toString())
        if (event.type !== 'jp.shopsync.product.snapshot.v1') return // new types may come
        const known = event.data.upstream_updated_at
        if (known !== null && new Date(known) >= new Date(moment)) resolve(event.data)
      },
    })
  })
  const snapshot = await found
  clearTimeout(timer)
  await consumer.disconnect()
  return snapshot
}

const now = new Date().toISOString()
try {
  await publish(productChanged(now))
} catch (error) { // a wrong address, name, password or right
  console.error(`not published: ${error.message}`)
  process.exit(1)
}
const snapshot = await snapshotSince(now)
if (snapshot === null) {
  console.error(`no snapshot in ${PATIENCE} s: look for a reason in ${PREFIX}.dead-letters.v1`)
  process.exit(1)
}
console.log(JSON.stringify(snapshot))
