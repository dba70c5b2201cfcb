/** The account page. */
import { $ } from './dom.js';
import { ZONE } from './format.js';
import { showSections } from './sections.js';
import { requireSession } from './session.js';
import * as balances from './account/balances.js';
import * as history from './account/history.js';
import * as keys from './account/keys.js';
import * as robots from './account/robots.js';
import * as security from './account/security.js';
import * as tickets from './account/tickets.js';

await requireSession($('content'));
$('zone').textContent = ZONE;
await showSections({ balances, history, tickets, keys, robots, security }, { ticket: 'tickets' });
