/** Small helpers over the DOM. Data only ever becomes text nodes or attributes, never markup. */

/** The element with that id. */
export const $ = (id) => document.getElementById(id);

/**
 * Builds an element. `attributes` whose name starts with "on" become listeners, true and false
 * add and omit, the rest is set as it is. Children that are null or false are left out.
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null && child !== false));
  return element;
}

/** Characters that are not seen but change how others are: controls, marks of direction, spaces without width. */
const HIDDEN = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** Text that others wrote, with its hidden characters made visible: "⟨U+202E⟩". */
export const plainText = (text) => String(text ?? '')
  .replace(HIDDEN, (found) => `⟨U+${found.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`);

/** The same as an element whose direction does not turn what stands beside it. */
export const said = (text) => el('bdi', {}, plainText(text));

/** Says `text` to screen readers, politely; the page has one live region for that. */
export function announce(text) {
  $('live').textContent = text;
}

/** A button that copies `text` and says so. */
export function copyButton(text, what) {
  const label = el('span', {}, 'Copy');
  const button = el('button', { type: 'button', class: 'button small', 'aria-label': `Copy ${what}` }, label);
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text);
      label.textContent = 'Copied';
      announce(`${what} copied`);
    } catch {
      label.textContent = 'Select and copy';
      announce(`Copying is not possible here, please select the ${what} and copy it yourself`);
    }
    setTimeout(() => { label.textContent = 'Copy'; }, 2500);
  });
  return button;
}

/** A term and its description, for a `dl`. */
export const fact = (term, ...description) => el('div', {}, el('dt', {}, term), el('dd', {}, ...description));

/** What an empty list shows. */
export const empty = (title, ...more) =>
  el('div', { class: 'empty' }, el('p', { class: 'empty-title' }, title), ...more);

/** Shown in place of content that could not be loaded; `before` says what it means. */
export function failure(error, retry, before = '') {
  return el('div', { class: 'notice bad', role: 'alert' },
    el('p', {}, before, error.message),
    el('button', { type: 'button', class: 'button small', onclick: retry }, 'Try again'));
}

/** What stands in a place until its content is there. */
export const loading = () => el('div', { class: 'loading' }, el('p', {}, 'Loading…'));

/**
 * Runs `work`; where the server does not do it `place` says so and offers to try again. Gives what `work` gave at last.
 * Faults of our own are thrown on.
 */
export async function untilDone(place, work) {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (error.status === undefined) throw error;
      place.removeAttribute('aria-busy');
      await new Promise((again) => place.replaceChildren(failure(error, again)));
      place.setAttribute('aria-busy', 'true');
      place.replaceChildren(loading());
    }
  }
}

/**
 * Asks for confirmation in a modal dialog. `action` runs while the dialog is busy; its error is
 * shown inside. Resolves with what `action` gave, or null where the person stepped back.
 */
export function ask({ title, body, confirm, danger = false, action }) {
  return new Promise((resolve) => {
    let result = null;
    const alert = el('p', { class: 'form-error', role: 'alert' });
    const go = el('button', { type: 'submit', class: danger ? 'button danger' : 'button primary' }, confirm);
    const back = el('button', { type: 'button', class: 'button', onclick: () => dialog.close() }, 'Go back');
    const form = el('form', { novalidate: true }, el('h2', { id: 'ask-title' }, title), body, alert,
      el('div', { class: 'actions' }, go, back));
    const dialog = el('dialog', { 'aria-labelledby': 'ask-title' }, form);
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      clearErrors(form);
      await busy(go, async () => {
        result = await action(form);
        dialog.close();
      }).catch((error) => showError(form, error));
    });
    dialog.addEventListener('close', () => { dialog.remove(); resolve(result); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Runs `work` with the button showing that it is busy and refusing further clicks. */
export async function busy(button, work) {
  if (button.getAttribute('aria-disabled') === 'true') return undefined;
  button.setAttribute('aria-disabled', 'true');
  button.classList.add('busy');
  try {
    return await work();
  } finally {
    button.removeAttribute('aria-disabled');
    button.classList.remove('busy');
  }
}

/**
 * Gives a function that asks (`fetch`) and shows the answer (`show`) in `place`, which is marked busy
 * meanwhile. Where it is called again before the answer, only the last answer is shown.
 */
export function latest(place, fetch, show) {
  let turn = 0;
  return async (...given) => {
    const mine = ++turn;
    place.setAttribute('aria-busy', 'true');
    try {
      const reply = await fetch(...given);
      if (mine === turn) show(reply);
    } finally {
      if (mine === turn) place.setAttribute('aria-busy', 'false');
    }
  };
}

/** A labelled input with places for its hint and its error: what showError() writes to. */
export function field({ id, name, label, hint, control, ...attributes }) {
  const described = `${hint ? `${id}-hint ` : ''}${id}-error`;
  const input = control ?? el('input', { type: 'text', ...attributes });
  input.id = id;
  input.name = name;
  input.setAttribute('aria-describedby', described);
  return el('div', { class: 'field' }, el('label', { for: id }, label),
    hint ? el('p', { class: 'hint', id: `${id}-hint` }, hint) : null,
    input, el('p', { class: 'error', id: `${id}-error` }));
}

/** Takes all errors off a form. */
export function clearErrors(form) {
  for (const input of form.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid');
  for (const error of form.querySelectorAll('.error, .form-error')) error.textContent = '';
}

/** Shows `message` at the form's control `name` and moves the focus there. False if there is none. */
export function showFieldError(form, name, message) {
  const named = name ? form.elements.namedItem(name) : null;
  const input = named instanceof Element ? named : named?.[0];
  if (!input || input.type === 'hidden') return false;
  const error = form.querySelector(`#${input.dataset.error ?? `${input.id}-error`}`);
  if (!error) return false;
  error.textContent = sentence(message);
  input.setAttribute('aria-invalid', 'true');
  input.focus();
  return true;
}

/** Shows an ApiError at the field that it names, or at the head of the form. */
export function showError(form, error) {
  if (showFieldError(form, error.field, error.message)) return;
  form.querySelector('.form-error').textContent = sentence(error.message);
}

/** `Invalid parameter "x" (is too long)` -> "This is too long.": beside the field nobody needs its name. */
function sentence(text) {
  const bare = /^Invalid parameter "[^"]*" \((.*)\)$/.exec(text)?.[1] ?? text;
  const full = /^(is|has|should|must|was) /.test(bare) ? `This ${bare}` : bare.charAt(0).toUpperCase() + bare.slice(1);
  return /[.!?]$/.test(full) ? full : `${full}.`;
}
