/** The sign-in page. */
import { $, busy, clearErrors, showError, showFieldError } from './dom.js';
import { currentSession, nextPage, signIn } from './session.js';

const REASONS = {
  ended: 'Your session has ended. Please sign in again.',
  needed: 'Please sign in to continue.',
  out: 'You have signed out.',
};

const form = $('sign-in');

function credentials() {
  const { login, password, otp } = form.elements;
  const name = login.value.trim();
  return {
    [name.includes('@') ? 'email' : 'username']: name,
    password: password.value,
    ...(otp.value ? { otp: otp.value.trim() } : {}),
  };
}

function firstProblem() {
  if (!form.elements.login.value.trim()) return ['login', 'Please enter your login or e-mail address.'];
  if (!form.elements.password.value) return ['password', 'Please enter your password.'];
  const asked = !$('otp-field').hidden;
  return asked && !form.elements.otp.value.trim() ? ['otp', 'Please enter the code from your device.'] : null;
}

function refuse(error) {
  if (error.code.startsWith('otp_')) {
    const first = $('otp-field').hidden;
    $('otp-field').hidden = false;
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

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  clearErrors(form);
  const problem = firstProblem();
  if (problem) {
    showFieldError(form, ...problem);
    return;
  }
  await busy($('submit'), async () => {
    await signIn(credentials());
    location.replace(nextPage());
  }).catch(refuse);
});

const reason = REASONS[new URLSearchParams(location.search).get('reason')];
if (reason) {
  $('reason').textContent = reason;
  $('reason').hidden = false;
}
currentSession().then((session) => {
  if (session) location.replace(nextPage());
}).catch(() => { /* the form says so when it is sent */ });
