/** The affiliate's page. */
import { $ } from './dom.js';
import { ZONE } from './format.js';
import { showSections } from './sections.js';
import { requireSession } from './session.js';
import * as earnings from './partner/earnings.js';
import { exchanges, payouts, visits } from './partner/lists.js';

await requireSession($('content'));
$('zone').textContent = ZONE;
await showSections({ earnings, visits, exchanges, payouts }, {});
