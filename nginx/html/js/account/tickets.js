/** The customer's withdrawal tickets with the partner's updates. */
import { api } from '../api.js';
import { $, announce, ask, busy, el, empty, fact, failure, field, latest, said } from '../dom.js';
import { STATUSES, money, relative, statusBadge, statusMeaning, statusName, time } from '../format.js';
import { handOver } from '../handover.js';
import { pager } from './pager.js';

export const title = 'Tickets';

export async function render(place) {
  const status = el('select', {}, el('option', { value: '' }, 'All'),
    STATUSES.map((name) => el('option', { value: name }, statusName(name))));
  const list = el('div');
  const load = latest(list,
    (page) => api('GET', '/site/tickets', { query: { status: status.value, page } }),
    (reply) => list.replaceChildren(...(reply.tickets.length ? filled(reply) : [none(status.value)])));
  const show = (page) => load(page)
    .then(() => announce('Tickets updated'))
    .catch((error) => list.replaceChildren(failure(error, () => show(page))));
  const filled = (reply) => [
    el('ul', { class: 'tickets' }, reply.tickets.map((ticket) => card(ticket, () => show(reply.current_page)))),
    pager(reply, 'tickets', show),
  ].filter(Boolean);
  status.addEventListener('change', () => show(1));
  place.append(el('div', { class: 'toolbar' },
    field({ id: 't-status', name: 'status', label: 'Status', control: status }),
    el('a', { class: 'button primary', href: '/withdraw' }, 'New withdrawal')), list);
  await load(1);
}

function none(status) {
  return status
    ? empty('No tickets in this state')
    : empty('No tickets yet', el('p', {}, 'A withdrawal through a partner starts with a ticket.'));
}

function card(ticket, changed) {
  const open = ticket.status === 'open';
  const id = `ticket-${ticket.ticket}`;
  return el('li', { class: 'card ticket', 'aria-labelledby': id },
    el('div', { class: 'ticket-head' },
      el('h2', { id, tabindex: '-1' }, money(ticket.amount), ' via ', said(ticket.partner.name)), statusBadge(ticket.status)),
    el('p', { class: 'meaning' }, statusMeaning(ticket.status)),
    el('dl', { class: 'facts row' },
      fact('Requested', time(ticket.created)),
      ticket.settled ? fact('Accepted', time(ticket.settled)) : null,
      open ? fact('Expires', time(ticket.expires), ` (${relative(ticket.expires)})`) : null,
      ticket.description ? fact('Description', said(ticket.description)) : null,
      ticket.reason ? fact('Reason', said(ticket.reason)) : null,
      fact('Ticket', el('code', {}, ticket.ticket))),
    ticket.updates.length ? updates(ticket.updates) : null,
    open ? actions(ticket, changed) : null);
}

function updates(rows) {
  return el('div', { class: 'updates' }, el('h3', {}, 'Updates'),
    el('ol', {}, rows.map((row) => el('li', {},
      el('span', { class: 'when' }, time(row.date)), row.status ? statusBadge(row.status) : null,
      el('span', { class: 'message' }, said(row.message))))));
}

function actions(ticket, changed) {
  const error = el('p', { class: 'form-error', role: 'alert' });
  const go = el('button', { type: 'button', class: 'button primary' }, 'Continue to partner');
  const stop = el('button', { type: 'button', class: 'button' }, 'Cancel ticket');
  go.addEventListener('click', () => busy(go, async () => {
    error.textContent = '';
    const reply = await api('POST', `/site/tickets/${ticket.ticket}/continue`, { body: {} });
    handOver($('main'), { ...ticket, ...reply }, ticket.partner.name);
  }).catch((reason) => { error.textContent = reason.message; }));
  stop.addEventListener('click', async () => {
    const done = await ask({
      title: 'Cancel this ticket?',
      body: el('p', {}, 'The ticket ends and ', money(ticket.amount), ' goes back to your balance at once.'),
      confirm: 'Cancel the ticket',
      danger: true,
      action: () => api('POST', `/site/tickets/${ticket.ticket}/cancel`, { body: {} }),
    });
    if (!done) return;
    await changed();
    announce('The ticket is cancelled, the amount is back in your balance');
    $('title').focus();
  });
  return el('div', {}, error, el('div', { class: 'actions' }, go, stop));
}
