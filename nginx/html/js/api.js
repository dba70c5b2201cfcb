/** The one way to the server: JSON in, JSON out, errors as ApiError. */

const TIMEOUT_MS = 20000;

let csrf = '';
let onSessionEnded = () => {};

// Leaving the page aborts what is under way: nobody is there any more to be told.
let leaving = false;
addEventListener('pagehide', () => { leaving = true; });
addEventListener('pageshow', () => { leaving = false; });

/**
 * What the server refused, in words for a person; `code` is stable, `field` names an input or is null. `more` is what it says
 * beyond that, or null: {retry_after, ways} where guesses are used up.
 */
export class ApiError extends Error {
  constructor(status, code, message, field = null, more = null) {
    super(message);
    this.status = status;
    this.code = code;
    this.field = field;
    this.more = more;
  }
}

/** Sets the token that proves a change comes from our own pages. */
export function setCsrf(token) {
  csrf = token ?? '';
}

/** Sets what happens when a call finds that the session is over. */
export function setSessionEnded(callback) {
  onSessionEnded = callback;
}

/**
 * Calls a route.
 * @param {string} method
 * @param {string} path
 * @param {{body?: object, query?: object, headers?: object, anonymous?: boolean}} [options]
 *   empty query values are left out; `anonymous` keeps a 401 from counting as an ended session
 * @returns {Promise<object>} the reply's object
 * @throws {ApiError} status 0 where the server could not be reached or took too long
 */
export async function api(method, path, { body, query, headers, anonymous = false } = {}) {
  const search = new URLSearchParams(Object.entries(query ?? {}).filter(([, value]) => value !== '' && value != null));
  const url = search.size ? `${path}?${search}` : path;
  let response;
  let text;
  try {
    response = await fetch(url, {
      method,
      headers: {
        Accept: 'application/json',
        ...(body ? { 'Content-Type': 'application/json' } : {}),
        ...(method === 'GET' ? {} : { 'X-CSRF-Token': csrf }),
        ...headers,
      },
      body: body ? JSON.stringify(body) : undefined,
      credentials: 'same-origin',
      cache: 'no-store',
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    text = await response.text();
  } catch {
    if (leaving) return new Promise(() => {});
    throw new ApiError(0, 'unreachable',
      'The server could not be reached. Please check your connection and try again.');
  }
  if (response.ok) return parse(text) ?? {};
  const error = errorOf(response.status, parse(text));
  if (response.status === 401 && !anonymous) onSessionEnded();
  throw error;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Reads both shapes of errors: {error, message, field} and the identity face's {error, error_id, error_data}. */
function errorOf(status, body) {
  if (body?.error_id) {
    const field = Array.isArray(body.error_data) ? body.error_data[0] : null;
    return new ApiError(status, body.error_id.replace(/^[a-z]+-/, ''), body.error, field, body.error_object ?? null);
  }
  if (body?.error) return new ApiError(status, body.error, body.message ?? body.error, body.field ?? null);
  return status === 429
    ? new ApiError(status, 'too_many_requests', 'Too many requests. Please wait a moment and try again.')
    : new ApiError(status, 'unavailable', 'The service is not available right now. Please try again in a moment.');
}
