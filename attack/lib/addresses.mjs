// All of 127.0.0.0/8 is this machine on Linux, so each client can have an address of its own, and no limit per address
// stands in for the limit that an attack is about. Elsewhere there is one.
const MANY = process.platform === 'linux'

/** The address of the healthy client with this number. @param {number} index */
export const healthyAddress = (index) => address(1, index)

/** The address of the attacking socket with this number. @param {number} index */
export const attackerAddress = (index) => address(2, index)

/** The address of the newcomer with this number. @param {number} index */
export const newcomerAddress = (index) => address(3, index)

/** @param {number} net @param {number} index */
function address(net, index) {
  return MANY ? `127.${net}.${(index >> 8) & 255}.${index & 255 || 254}` : '127.0.0.1'
}
