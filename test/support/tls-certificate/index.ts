import { fileURLToPath } from 'node:url'

// Made for tests on one machine, and trusted by nobody else: `openssl req -x509 -newkey ec -pkeyopt
// ec_paramgen_curve:prime256v1 -nodes -days 36500 -addext subjectAltName=IP:127.0.0.1,DNS:localhost`.

/** Files for servers that take no key by any other way. */
export const CERTIFICATE_FILE = fileURLToPath(new URL('certificate.pem', import.meta.url))
export const KEY_FILE = fileURLToPath(new URL('key.pem', import.meta.url))
