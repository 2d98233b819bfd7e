/** Every command where the bus ports are not port + 10000, and where servers have both a plain port and one for TLS. */
import { tour } from '../support/connection-tour.ts';
import { reachServers } from '../support/connection-ways.ts';

tour({
  name: 'bus ports of their own',
  flavor: 'default',
  reach: () => reachServers({ customBusPorts: true }, () => ({})),
});
