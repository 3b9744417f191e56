// Notifications for one user, wherever that user is logged in: on each of their pages, and on nobody else's.
import { Gateway, Hub, OneTimeTokens } from '@fanfare/core'

import { servePage } from '../page.mjs'

/** Who may log in here. A real application has a database. */
const USERS = new Set(['ada', 'ben'])

/** @param {number} port */
export async function start(port) {
  const hub = new Hub()
  const tokens = new OneTimeTokens(hub.platform)
  const gateway = new Gateway({
    hub,
    authenticate: ({ token }) => tokens.redeem(token),
    // A private channel belongs to the user whose name is in it.
    authorize: ({ channel, user }) => channel === `private-user.${user?.id}`,
  })

  const served = await servePage(gateway, new URL('index.html', import.meta.url), port, (request, body) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const user = searchParams.get('user') ?? ''
    if (pathname !== '/notify' || !USERS.has(user)) return 404
    gateway.to(`private-user.${user}`).send('notification', { title: body.slice(0, 200), at: Date.now() })
    return 202
  })

  return {
    ...served,
    /** Behind your own login: a token that is good for one connection within a minute. */
    login: (/** @type {string} */ user) => (USERS.has(user) ? tokens.issue({ id: user }) : undefined),
  }
}
