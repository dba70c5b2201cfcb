/** The sign-in form, wherever it stands: fields login, password and otp, the last one hidden until it is needed. */
import { busy, clearErrors, showError, showFieldError } from './dom.js';
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

function refuse(form, error) {
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
    clearErrors(form);
    const problem = firstProblem(form);
    if (problem) {
      showFieldError(form, ...problem);
      return;
    }
    await busy(form.querySelector('[type="submit"]'), async () => then(await signIn(credentials(form))))
      .catch((error) => refuse(form, error));
  });
}
