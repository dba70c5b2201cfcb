/** What the parts of the market page draw with. */
import { el } from '../dom.js';
import { grouped } from './units.js';

/** Gives a function that draws in the next frame, once, with what it was given last. */
export function soon(draw) {
  let given = null;
  return (...arguments_) => {
    if (!given) requestAnimationFrame(() => { const last = given; given = null; draw(...last); });
    given = arguments_;
  };
}

/** Writes text where it differs: what did not change keeps its selection. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Writes a figure, the zeros at its end in a lighter tone. */
export function figures(element, units, decimals, shown) {
  const text = grouped(units, decimals, shown);
  if (element.textContent === text) return;
  const zeros = /\.?0+$/.exec(text.includes('.') ? text : '')?.[0] ?? '';
  element.replaceChildren(text.slice(0, text.length - zeros.length), el('span', { class: 'rest' }, zeros));
}

/** Takes a mark off that has faded, so that it does not light up again when its row is shown anew. */
export const unmark = ({ target }) => target.classList.remove('more', 'less', 'fresh');
