/** The sign-in form, wherever it stands: fields login, password and otp, the last one hidden until it is needed. */
import { announce, busy, clearErrors, el, showError, showFieldError } from './dom.js';
import { signIn } from './session.js';

/** The box of the field for the one-time password. */
const otpField = (form) => form.elements.otp.closest('.field');

function credentials(form) {
  const { login, password, otp } = form.elements;
  const name = login.value.trim();
  return {
    [name.includes('@') ? 'email' : 'username']: name,
    password: password.value,
    ...(otp.value ? { otp: otp.value.trim() } : {}),
  };
}

function firstProblem(form) {
  const { login, password, otp } = form.elements;
  if (!login.value.trim()) return ['login', 'Please enter your login or e-mail address.'];
  if (!password.value) return ['password', 'Please enter your password.'];
  return !otpField(form).hidden && !otp.value.trim() ? ['otp', 'Please enter the code from your device.'] : null;
}

/** Seconds as a clock shows them: "1:05". */
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;

/** Ends the waits that forms are in: form -> function. */
const waits = new WeakMap();

/**
 * Guesses are used up: counts down until the next is taken. Meanwhile the form can be sent with a one-time password, where the
 * server offers that, and with another login, whose guesses are its own.
 */
function wait(form, { retry_after: seconds, ways = [] }) {
  waits.get(form)?.();
  const { login, otp } = form.elements;
  const submit = form.querySelector('[type="submit"]');
  const box = otpField(form);
  const shown = !box.hidden;
  const until = Date.now() + seconds * 1000;
  const left = el('strong', { class: 'left' });
  const notice = el('p', { class: 'notice', role: 'timer' }, 'You can try again in ', left, '.',
    ways.includes('otp') ? ' If you have a one-time password, enter it as well to sign in now.' : null);
  const limit = () => { submit.disabled = !(ways.includes('otp') && otp.value.trim()); };
  const tick = () => {
    const rest = Math.ceil((until - Date.now()) / 1000);
    left.textContent = clock(Math.max(rest, 0));
    if (rest > 0) return;
    waits.get(form)();
    announce('You can try again now');
  };
  const timer = setInterval(tick, 250);
  const end = () => {
    clearInterval(timer);
    notice.remove();
    login.removeEventListener('input', end);
    otp.removeEventListener('input', limit);
    submit.disabled = false;
    box.hidden = !shown && !otp.value.trim();
    clearErrors(form);
    waits.delete(form);
  };
  waits.set(form, end);
  form.querySelector('.form-error').after(notice);
  if (ways.includes('otp')) box.hidden = false;
  login.addEventListener('input', end);
  otp.addEventListener('input', limit);
  limit();
  tick();
}

function refuse(form, error) {
  if (error.code === 'too_many_attempts' && error.more?.retry_after) {
    const both = form.elements.otp.value !== '';
    form.elements.otp.value = '';
    wait(form, error.more);
    if (both) showFieldError(form, 'otp', 'Password and one-time password together were not right.');
    else showError(form, Object.assign(error, { message: 'Too many wrong attempts.' }));
    return;
  }
  if (error.code.startsWith('otp_')) {
    const first = otpField(form).hidden;
    otpField(form).hidden = false;
    form.elements.otp.value = '';
    showFieldError(form, 'otp', first ? 'This account needs a one-time password as well.' : error.message);
    return;
  }
  if (['email', 'username'].includes(error.field)) error.field = 'login';
  if (error.code === 'incorrect_credentials') {
    error.field = 'password';
    error.message = 'Login or password is wrong.';
    form.elements.password.value = '';
  }
  showError(form, error);
}

/**
 * Makes a form sign in when it is sent.
 * @param {HTMLFormElement} form
 * @param {(session: object) => void|Promise<void>} then called once somebody is signed in
 */
export function onSignIn(form, then) {
  // Before this line the form can not be sent: no password ever leaves by a plain form.
  form.querySelector('[data-unready]').remove();
  form.querySelector('[type="submit"]').disabled = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (form.querySelector('[type="submit"]').disabled) return;
    clearErrors(form);
    const problem = firstProblem(form);
    if (problem) {
      showFieldError(form, ...problem);
      return;
    }
    await busy(form.querySelector('[type="submit"]'), async () => {
      const session = await signIn(credentials(form));
      waits.get(form)?.();
      await then(session);
    }).catch((error) => refuse(form, error));
  });
}
