import type { AuthorizeRequest, Grant } from '../contract/authorizer.ts'
import type { GatewayClient } from './gateway-client.ts'
import type { User } from './identity.ts'
import type { GatewayOptions } from './options.ts'
import type { Validation } from './validation.ts'

/** What the authorizer needs of its gateway. */
export interface AuthorizationHost<U extends User> {
  readonly validation: Validation
  readonly faceOf: (clientId: string) => GatewayClient<U> | undefined
}

/** The hub's authorizer, made of what a gateway knows: the client, its user, and who it is in a presence channel. */
export function gatewayAuthorizer<U extends User>(
  { authorize, presenceData }: Pick<GatewayOptions<object, U>, 'authorize' | 'presenceData'>,
  { faceOf, validation }: AuthorizationHost<U>,
): (request: AuthorizeRequest) => Promise<Grant> {
  return async ({ channel, type, client, credentials }) => {
    const face = faceOf(client.id)
    if (!authorize || !face) return { allowed: false }
    const answer = await authorize({ channel, type, client: face, user: face.user, credentials })
    const grant = typeof answer === 'boolean' ? { allowed: answer } : answer
    if (!grant.allowed || type !== 'presence') return grant
    const member =
      grant.member ?? (face.user && { id: face.user.id, info: await presenceData?.(channel, face.user) })
    if (!member) return grant
    return { ...grant, member: { ...member, info: await validation.presence(channel, member.info) } }
  }
}
