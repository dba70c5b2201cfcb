/**
 * The checkout button, for the pages of shops:
 *
 *   <span class="mtgox" data-id="TRANSACTION" data-amount="12.50" data-currency="USD" data-custom="TEXT">
 *     <a href="https://.../pay/TRANSACTION">Pay</a>
 *   </span>
 *   <script src="https://.../js/button.js" async></script>
 *
 * Each span becomes a link to the payment page; one that is not well-formed keeps what it holds. The page
 * may be of any origin and have any content policy that lets this script run: nothing else is loaded, no
 * cookie is read, styles are set through the CSSOM. The class names are those that shops' style sheets know.
 */
(() => {
  'use strict';

  const ORIGIN = new URL(document.currentScript.src).origin;
  const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
  const SVG = 'http://www.w3.org/2000/svg';

  /** Symbol, and whether it stands before the figures. */
  const CURRENCIES = {
    BTC: ['BTC', false], USD: ['$', true], EUR: ['€', false], GBP: ['£', true], AUD: ['AU$', true], CAD: ['CA$', true],
    CHF: ['CHF', false], CNY: ['CN¥', true], DKK: ['kr', false], HKD: ['HK$', true], NZD: ['NZ$', true],
    PLN: ['zł', false], RUB: ['руб', false], SGD: ['SG$', true], THB: ['฿', true], NOK: ['kr', false],
    CZK: ['Kč', false], JPY: ['¥', true], SEK: ['kr', false], ETH: ['ETH', false], USDT: ['USDT', false],
  };

  const BUTTON = {
    display: 'inline-flex', alignItems: 'center', gap: '10px', minHeight: '44px', padding: '6px 16px',
    boxSizing: 'border-box', background: '#0e5a47', border: '1px solid #0e5a47', borderRadius: '8px', color: '#fff',
    font: '600 15px/1.3 "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif', textDecoration: 'none',
  };
  const AMOUNT = { fontVariantNumeric: 'tabular-nums', whiteSpace: 'nowrap' };

  /** "1234.5" in USD -> "$1,234.50": at least two decimals, digits are never rounded away. Null if it is no amount. */
  function format(amount, currency) {
    const match = /^(\d{1,18})(?:\.(\d{1,18}))?$/.exec(amount);
    const known = Object.hasOwn(CURRENCIES, currency) ? CURRENCIES[currency] : null;
    if (!match || !known) return null;
    const [symbol, before] = known;
    const whole = match[1].replace(/^0+(?=\d)/, '').replace(/\B(?=(\d{3})+$)/g, ',');
    const figures = `${whole}.${(match[2] ?? '').replace(/0+$/, '').padEnd(2, '0')}`;
    return before ? symbol + figures : `${figures}\u00a0${symbol}`;
  }

  function logo() {
    const svg = document.createElementNS(SVG, 'svg');
    for (const [name, value] of [['viewBox', '7 8 18 16'], ['width', '18'], ['height', '16'], ['aria-hidden', 'true']])
      svg.setAttribute(name, value);
    for (const [d, fill] of [['M7 8.5h18v3.4H7zM14.2 14.4h3.6V24h-3.6z', '#fff'],
      ['M7 14.4h4.4v2.6H7zM20.6 14.4H25v2.6h-4.4z', '#8fd6bd']]) {
      const path = document.createElementNS(SVG, 'path');
      path.setAttribute('d', d);
      path.setAttribute('fill', fill);
      svg.append(path);
    }
    return svg;
  }

  function element(tag, name, style, ...children) {
    const made = document.createElement(tag);
    made.className = name;
    Object.assign(made.style, style);
    made.append(...children);
    return made;
  }

  function replace(span) {
    const { id, amount = '', currency = '', custom } = span.dataset;
    const text = format(amount.trim(), currency.trim().toUpperCase());
    if (!UUID.test(id ?? '') || !text) return;
    const link = element('a', 'mtgox-button', BUTTON,
      element('span', 'mtgox-button-logo', { display: 'flex' }, logo()),
      element('span', 'mtgox-button-label', {}, 'Pay'),
      element('span', 'mtgox-button-amount', AMOUNT, element('span', 'mtgox-button-base', {}, text)));
    link.href = `${ORIGIN}/pay/${id.toLowerCase()}${custom ? `?custom=${encodeURIComponent(custom)}` : ''}`;
    link.target = '_blank';
    link.rel = 'noopener';
    link.setAttribute('aria-label', `Pay ${text} with Teller, opens a new tab`);
    span.replaceChildren(link);
  }

  const replaceAll = () => document.querySelectorAll('span.mtgox[data-id]').forEach(replace);
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', replaceAll);
  else replaceAll();
})();
