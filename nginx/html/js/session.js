/** Who is signed in. The session itself is an HttpOnly cookie that scripts never see. */
import { api, setCsrf, setSessionEnded } from './api.js';
import { $, busy, el, failure, plainText, untilDone } from './dom.js';

const SESSION = '/identity-service/session';
const PAGES = ['/account', '/market', '/exchange', '/wallet', '/withdraw', '/merchant', '/partner'];
const PAYMENT = /^\/pay\/[0-9a-f-]{36}$/i;

/** Signs in. Throws ApiError: code otp_required asks for a one-time password. */
export async function signIn(credentials) {
  const session = await api('POST', SESSION, { body: credentials, anonymous: true });
  setCsrf(session.csrf);
  return session;
}

/** The current session, or null. */
export async function currentSession() {
  try {
    const session = await api('GET', SESSION, { anonymous: true });
    setCsrf(session.csrf);
    return session;
  } catch (error) {
    if (error.status === 401) return null;
    throw error;
  }
}

/** Writes who is signed in, or nobody, into the head of the page. */
export function showWho(session) {
  $('login').textContent = session ? plainText(session.name) : '';
  $('login').title = session ? plainText(session.name) : '';
}

/**
 * For pages behind the sign-in: the session, or off to the sign-in page (then never resolves).
 * @param {HTMLElement} place says so where the server does not answer
 */
export async function requireSession(place) {
  const session = await untilDone(place, currentSession);
  if (!session) {
    toSignIn('needed');
    return new Promise(() => {});
  }
  setSessionEnded(() => toSignIn('ended'));
  showWho(session);
  onSignOut(() => '/?reason=out');
  $('sign-out').hidden = false;
  return session;
}

/** Makes the button end the session and go to one of our own pages, which `to` names then. */
export function onSignOut(to) {
  const button = $('sign-out');
  button.addEventListener('click', () => busy(button, () => signOut(to)));
}

/** Who asked to be signed out is told where that was not done. */
async function signOut(to) {
  $('still-in')?.remove();
  try {
    await api('DELETE', SESSION, { anonymous: true });
  } catch (error) {
    if (error.status !== 401) {
      const again = () => busy($('sign-out'), () => signOut(to));
      $('main').prepend(el('div', { id: 'still-in' }, failure(error, again, 'You are still signed in. ')));
      $('still-in').querySelector('button').focus();
      return;
    }
  }
  // With the same hash nothing would be loaded.
  if (to() === location.pathname + location.hash) location.reload();
  else location.replace(to());
}

const isPage = (path) => PAGES.includes(path) || PAYMENT.test(path);

function toSignIn(reason) {
  const next = isPage(location.pathname) ? location.pathname + location.hash : PAGES[0];
  location.replace(`/?${new URLSearchParams({ reason, next })}`);
}

/** Where to go after signing in: one of our own pages, whatever the URL says. */
export function nextPage() {
  const next = new URLSearchParams(location.search).get('next') ?? '';
  const [path, hash] = next.split('#');
  if (!isPage(path)) return PAGES[0];
  return /^[a-z0-9-]+$/.test(hash ?? '') ? `${path}#${hash}` : path;
}
