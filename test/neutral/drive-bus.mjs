// Two hubs on a bus, and a publisher without one. Runs in the empty realm, where nothing but the language exists.
import { bridge, Broadcaster, memory } from '@fanfare/broadcasting'
import { testHub } from '@fanfare/core/testing'

function expect(what, condition) {
  if (!condition) throw new Error(`not so: ${what}`)
}

const driver = memory({ logger: () => {} })
const stages = [testHub({ node: 1 }), testHub({ node: 2 })]
const settle = async () => {
  for (const { clock } of stages) await clock.settle()
}
const clients = stages.map((stage) => {
  const { hub, clock } = stage
  const platform = { clock, scheduler: clock }
  const link = bridge(hub, driver, { platform })
  return { ...stage, link, ...stage.connect() }
})
for (const { hub, client } of clients) {
  const subscribed = hub.subscribe(client, 'orders')
  await settle()
  await subscribed
}

const [here, there] = clients
here.hub.broadcast('orders', 'to all', { except: here.client.id })
await new Broadcaster(driver).channel('orders').emit('made', { total: 7 })
await settle()
for (const { clock } of stages) clock.turn()
await settle()
expect('the other node has both', there.conn.received.length === 2)
expect('who is excluded has one', here.conn.received.length === 1)
expect('a client is found', (await here.link.sendTo(here.client.id, 'x')) === 'delivered')
expect(
  'no error was lost',
  stages.every(({ reported }) => reported.length === 0),
)
for (const { link } of clients) await link.close()
await driver.close()
expect(
  'a closed driver takes nothing',
  await driver.publish({ channel: 'orders', payload: '' }).then(
    () => false,
    () => true,
  ),
)
