/** How the merchant's shop can tell our notifications: the two signatures, and the secret of the newer one. */
import { api } from '../api.js';
import { $, announce, ask, copyButton, el } from '../dom.js';
import { time } from '../format.js';

export const title = 'Signing';

export function render(place) {
  const shownOnce = el('div');
  place.append(shownOnce,
    el('section', { class: 'card' }, el('h2', {}, 'Two signatures'),
      el('p', {}, 'Each notification carries both. Checking one of them is enough.'),
      el('ul', { class: 'rows' },
        el('li', {}, el('span', { class: 'what' }, el('code', {}, 'Rest-Sign')),
          el('span', { class: 'hint' }, 'HMAC-SHA512 of the body under the secret of the API key that made the order, ',
            'which ', el('code', {}, 'Rest-Key'), ' names. As in our API.')),
        el('li', {}, el('span', { class: 'what' }, el('code', {}, 'webhook-signature')),
          el('span', { class: 'hint' }, 'Standard Webhooks, under the secret below. ', el('code', {}, 'webhook-id'),
            ' stays the same however often a notification is sent.')))),
    el('section', { class: 'card' }, el('h2', {}, 'Webhook secret'),
      el('p', {}, 'A new secret is shown once. The one before goes on signing beside it for a day, ',
        'so that your shop can change over without missing anything.'),
      el('button', { type: 'button', class: 'button', onclick: () => rotate(shownOnce) }, 'Make a new secret')));
}

async function rotate(shownOnce) {
  const made = await ask({
    title: 'Make a new secret?',
    body: el('p', {}, 'The present one ends in a day.'),
    confirm: 'Make it',
    action: () => api('POST', '/site/merchant/secret', { body: {} }),
  });
  if (!made) return;
  const heading = el('h2', { tabindex: '-1' }, 'Your new secret');
  shownOnce.replaceChildren(el('div', { class: 'card attention', id: 'new-secret' }, heading,
    el('p', {}, el('strong', {}, 'It is shown this once.'), ' Store it where only your shop can read it.'),
    el('div', { class: 'secret' }, el('code', {}, made.secret), copyButton(made.secret, 'secret')),
    made.overlap_until ? el('p', {}, 'The secret before signs as well until ', time(made.overlap_until), '.') : null,
    el('button', { type: 'button', class: 'button', onclick: () => {
      shownOnce.replaceChildren();
      $('title').focus();
    } }, 'I have stored it')));
  announce('A new secret is made');
  heading.focus();
}
