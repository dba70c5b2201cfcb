/** Where the buyer comes back to: shows what Teller notified the shop of, as soon as it did. */

const order = new URLSearchParams(location.search).get('order') ?? '';
const WORDS = { paid: 'Your order is paid and on its way.', partial: 'A part of your order is paid.',
  cancelled: 'Your order is cancelled.', closed: 'Your order was not paid in time.', refunded: 'You have your money back.' };

function row(term, text) {
  const [box, name, value] = ['div', 'dt', 'dd'].map((tag) => document.createElement(tag));
  name.textContent = term;
  value.textContent = text;
  box.append(name, value);
  return box;
}

async function look() {
  const told = await fetch(`orders?order=${encodeURIComponent(order)}`, { cache: 'no-store' })
    .then(async (response) => (response.ok ? (await response.json()).notifications.at(-1) : null))
    .catch(() => null);
  if (!told) {
    setTimeout(look, 500);
    return;
  }
  document.getElementById('state').textContent = WORDS[told.status] ?? told.status;
  document.getElementById('facts').replaceChildren(...Object.entries(told).map(([name, text]) => row(name, text)));
}

await look();
