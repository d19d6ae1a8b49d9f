import { describePureModules } from '../../addr/test/pure-modules.ts';

describePureModules(new URL('..', import.meta.url), [
  'bcm',
  'isotp',
  'j1939',
  'link',
  'slcan',
  'socketcand',
  'udp-multicast',
]);
