/** Previous and next, for lists that come in pages. */
import { el } from '../dom.js';

/** @param {(page: number) => void} go called with the page to show */
export function pager({ current_page: page, max_page: last }, what, go) {
  if (!(last > 1)) return null;
  const button = (text, to) => el('button', { type: 'button', class: 'button small', disabled: to < 1 || to > last,
    onclick: () => go(to) }, text);
  return el('nav', { class: 'pager', 'aria-label': `Pages of ${what}` },
    button('Newer', page - 1), el('span', {}, `Page ${page} of ${last}`), button('Older', page + 1));
}
