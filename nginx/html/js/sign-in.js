/** The sign-in page. */
import { $ } from './dom.js';
import { onSignIn } from './credentials.js';
import { currentSession, nextPage } from './session.js';

const REASONS = {
  ended: 'Your session has ended. Please sign in again.',
  needed: 'Please sign in to continue.',
  out: 'You have signed out.',
};

onSignIn($('sign-in'), () => location.replace(nextPage()));

const reason = REASONS[new URLSearchParams(location.search).get('reason')];
if (reason) {
  $('reason').textContent = reason;
  $('reason').hidden = false;
}
currentSession().then((session) => {
  if (session) location.replace(nextPage());
}).catch(() => { /* the form says so when it is sent */ });
