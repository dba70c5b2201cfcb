/** A page of sections: shows the one that the URL's hash names. */
import { $, announce, el, failure } from './dom.js';

let shown = 0;

/** Shows a section; an older one that is still loading then gives up its place. */
async function show(name, { title, render }, item, moveFocus) {
  const turn = ++shown;
  for (const link of document.querySelectorAll('.sections a')) {
    if (link.hash === `#${name}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  $('title').textContent = title;
  document.title = `${title} – Teller`;
  if (moveFocus) $('title').focus();
  const content = $('content');
  content.setAttribute('aria-busy', 'true');
  content.replaceChildren(el('div', { class: 'loading' }, el('p', {}, 'Loading…')));
  const place = el('div');
  try {
    await render(place, item);
  } catch (error) {
    place.replaceChildren(failure(error, () => show(name, { title, render }, item, true)));
  }
  if (turn !== shown) return;
  content.replaceChildren(place);
  content.setAttribute('aria-busy', 'false');
  announce(`${title} loaded`);
  $(location.hash.slice(1))?.focus();
}

/**
 * Shows the section that the hash asks for, now and whenever it changes.
 * @param {object} sections name -> {title, render(place, item)}; the first one is shown where the hash names none
 * @param {object} items prefix -> name of the section that shows it: with {ticket: 'tickets'}, #ticket-17 shows the
 *   section tickets, whose render is given "17"
 */
export async function showSections(sections, items) {
  const named = () => {
    const hash = location.hash.slice(1);
    if (Object.hasOwn(sections, hash)) return [hash];
    const [prefix, item] = hash.split(/-(.*)/s);
    return item && Object.hasOwn(items, prefix) ? [items[prefix], item] : null;
  };
  const go = ([name, item], moveFocus) => show(name, sections[name], item, moveFocus);
  window.addEventListener('hashchange', () => { if (named()) go(named(), true); });
  await go(named() ?? [Object.keys(sections)[0]], false);
}
