/** The demo shop: makes an order and takes the buyer to the payment page by a form, as older shops do. */

const form = document.getElementById('buy');
const problem = document.getElementById('problem');

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const button = form.querySelector('button');
  problem.textContent = '';
  button.disabled = true;
  try {
    const chosen = new FormData(form);
    const response = await fetch('buy', { method: 'POST', headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ item: chosen.get('item'), flaky: chosen.has('flaky') }) });
    const answer = await response.json();
    if (!response.ok) throw new Error(answer.message);
    pay(answer);
  } catch (error) {
    problem.textContent = error.message || 'The shop is closed right now.';
    button.disabled = false;
  }
});

function pay({ payment_url: url, order }) {
  const to = document.createElement('form');
  to.method = 'post';
  to.action = url;
  const field = document.createElement('input');
  Object.assign(field, { type: 'hidden', name: 'order', value: order });
  to.append(field);
  document.body.append(to);
  to.submit();
}
