/** News of a market as they happen: through the stream, and by asking each second while the stream is not there. */

const POLL_MS = 1000;
const RETRY_MS = [500, 1000, 2000, 5000, 10000];

/** What a message says, or null. */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * Follows a market until it is stopped.
 * @param {object} what
 * @param {() => Promise<string>} what.address where the stream is now; asked before each connection
 * @param {() => void} what.onOpen the stream is there: news from before may be missing
 * @param {(message: object) => void} what.onMessage
 * @param {() => Promise<void>} what.poll asks for everything
 * @param {(state: 'live'|'polling'|'away') => void} what.onState
 * @returns {() => void} stops it
 */
export function follow({ address, onOpen, onMessage, poll, onState }) {
  let source = null;
  let live = false;
  let failures = 0;
  let stopped = false;
  let timer;

  const again = () => {
    source?.close();
    if (!stopped) timer = setTimeout(connect, RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]);
  };
  async function connect() {
    let url;
    try {
      url = await address();
    } catch {
      again();
      return;
    }
    if (stopped) return;
    source = new EventSource(url);
    source.addEventListener('open', () => {
      failures = 0;
      live = true;
      onState('live');
      onOpen();
    });
    source.addEventListener('message', ({ data }) => {
      const message = parse(data);
      if (message) onMessage(message);
    });
    source.addEventListener('error', () => {
      live = false;
      if (source.readyState === EventSource.CLOSED) again();
    });
  }
  async function ask() {
    if (!live && !document.hidden) {
      const state = await poll().then(() => 'polling', () => 'away');
      if (!live && !stopped) onState(state);
    }
    if (!stopped) setTimeout(ask, POLL_MS);
  }

  connect();
  setTimeout(ask, POLL_MS);
  return () => {
    stopped = true;
    clearTimeout(timer);
    source?.close();
  };
}
