/**
 * Takes the customer to the partner. The ticket's key travels in the body of a form POST only: it is
 * never in a URL, in the history, in a referrer or in storage, and leaves this page with it.
 */
import { announce, copyButton, el, fact, plainText, said } from './dom.js';
import { hostOf, money, relative } from './format.js';

/**
 * Replaces the content of `main` and sends the form.
 * @param {HTMLElement} main
 * @param {{ticket: string, key: string, partner_url: ?string, amount: object, expires: number}} ticket
 * @param {string} partner its name
 */
export function handOver(main, ticket, partner) {
  const host = ticket.partner_url ? hostOf(ticket.partner_url) : null;
  const heading = el('h1', { tabindex: '-1' }, host ? ['Taking you to ', said(partner)] : 'Your ticket is ready');
  const panel = el('div', { class: 'card narrow' },
    heading,
    el('dl', { class: 'facts' },
      fact('Amount held', money(ticket.amount)),
      fact('Ticket', el('code', {}, ticket.ticket)),
      ticket.expires ? fact('Expires', relative(ticket.expires)) : null),
    host ? toPartner(ticket, partner, host) : byHand(ticket, partner),
    el('p', {}, el('a', { href: '/account#tickets' }, 'Back to your tickets')));
  main.replaceChildren(panel);
  heading.focus();
  panel.querySelector('form')?.requestSubmit();
}

function toPartner(ticket, partner, host) {
  announce(`Taking you to ${plainText(partner)}`);
  const form = el('form', { method: 'post', action: ticket.partner_url, autocomplete: 'off', id: 'hand-over' },
    el('input', { type: 'hidden', name: 'key', value: ticket.key, autocomplete: 'off' }),
    el('p', {}, 'If the site of ', said(partner), ` (${host}) does not open by itself, continue here.`),
    el('button', { type: 'submit', class: 'button primary' }, 'Continue to ', said(partner)));
  // A page kept for the back button must not keep the key.
  window.addEventListener('pagehide', () => form.remove(), { once: true });
  return form;
}

function byHand(ticket, partner) {
  return [
    el('p', {}, said(partner), ' has no web page for tickets. Give them the ticket above and this key. ',
      'Who holds the key can use the ticket.'),
    el('div', { class: 'secret' }, el('code', {}, ticket.key), copyButton(ticket.key, 'ticket key')),
  ];
}
