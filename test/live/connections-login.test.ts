/** Every command with a password that is not on the command line, and logins that are refused. */
import { tour } from '../support/connection-tour.ts';
import { reachServers } from '../support/connection-ways.ts';

const PASSWORD = 'correct horse/battery:staple@%';

tour({
  name: 'the password in REDISCLI_AUTH',
  flavor: 'default',
  reach: () =>
    reachServers({ password: PASSWORD }, () => ({
      env: { REDISCLI_AUTH: PASSWORD, REDISCLI_FROM_AUTH: PASSWORD },
      login: { password: PASSWORD },
    })),
});
