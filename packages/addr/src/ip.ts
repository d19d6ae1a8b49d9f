/** Internet addresses as text and bytes, and what an address is for. */
export { hexDigit, isDigit } from './digits.ts';
export {
  mapIPv4,
  type TranslationPrefix,
  translateIPv4,
  unmapIPv4,
  untranslateIPv4,
  WELL_KNOWN_PREFIX,
} from './embedded.ts';
export { formatIP, type IPAddress, parseIP } from './ip-address.ts';
export { formatIPv4, inetAton, isIPv4, parseIPv4, scanIPv4 } from './ipv4.ts';
export { formatIPv6, type IPv6, isIPv6, parseIPv6, scanIPv6 } from './ipv6.ts';
export { multicastScope, type Scope, scopeOf } from './scope.ts';
