/** The merchant's page. */
import { $ } from './dom.js';
import { ZONE } from './format.js';
import { showSections } from './sections.js';
import { requireSession } from './session.js';
import * as notifications from './merchant/notifications.js';
import * as orders from './merchant/orders.js';
import * as selling from './merchant/selling.js';
import * as signing from './merchant/signing.js';

await requireSession($('content'));
$('zone').textContent = ZONE;
await showSections({ orders, notifications, selling, signing }, { order: 'orders', event: 'notifications' });
