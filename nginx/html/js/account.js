/** The account page: shows the section that the URL's hash names. */
import { $, announce, el, failure } from './dom.js';
import { ZONE } from './format.js';
import { requireSession } from './session.js';
import * as balances from './account/balances.js';
import * as history from './account/history.js';
import * as keys from './account/keys.js';
import * as security from './account/security.js';
import * as tickets from './account/tickets.js';

const SECTIONS = { balances, history, tickets, keys, security };

let shown = 0;

/** Shows a section; an older one that is still loading then gives up its place. */
async function show(name, moveFocus) {
  const turn = ++shown;
  const section = SECTIONS[name];
  for (const link of document.querySelectorAll('.sections a')) {
    if (link.hash === `#${name}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  $('title').textContent = section.title;
  document.title = `${section.title} – Teller`;
  if (moveFocus) $('title').focus();
  const content = $('content');
  content.setAttribute('aria-busy', 'true');
  content.replaceChildren(el('div', { class: 'loading' }, el('p', {}, 'Loading…')));
  const place = el('div');
  try {
    await section.render(place);
  } catch (error) {
    place.replaceChildren(failure(error, () => show(name, true)));
  }
  if (turn !== shown) return;
  content.replaceChildren(place);
  content.setAttribute('aria-busy', 'false');
  announce(`${section.title} loaded`);
  $(location.hash.slice(1))?.focus();
}

/** The section that the hash asks for: #history, or #ticket-<id> for one ticket. */
function named() {
  const name = location.hash.startsWith('#ticket-') ? 'tickets' : location.hash.slice(1);
  return name in SECTIONS ? name : null;
}

const session = await requireSession();
$('login').textContent = session.name;
$('zone').textContent = ZONE;
window.addEventListener('hashchange', () => { if (named()) show(named(), true); });
await show(named() ?? 'balances', false);
