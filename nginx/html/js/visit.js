/** Any page may be entered by an affiliate's link, `/?rid=7`: tells who sent the visitor. */
const query = location.search.slice(1);
const rid = new URLSearchParams(query).get('rid') ?? '';

if (/^[1-9]\d{0,14}$/.test(rid)) {
  // It goes on where the page is left at once. What becomes of it is none of the visitor's business.
  fetch('/site/desk/visits', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ rid: Number(rid), referrer: document.referrer.slice(0, 2000), query: query.slice(0, 2000) }),
    credentials: 'same-origin',
    keepalive: true,
  }).catch(() => {});
}
