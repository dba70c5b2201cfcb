/** The chart: candles with their volume, drawn as SVG. Geometry alone is floating point; figures are written exactly. */
import { api } from '../api.js';
import { el } from '../dom.js';
import { toUnits } from '../number.js';
import { soon, write } from './draw.js';
import { grouped } from './units.js';

export const INTERVALS = { 60: '1m', 300: '5m', 900: '15m', 3600: '1h', 14400: '4h', 86400: '1d' };
const NAMES = { 60: '1 minute', 300: '5 minutes', 900: '15 minutes', 3600: '1 hour', 14400: '4 hours', 86400: '1 day' };
const MOST = 200;
const PITCH = [9, 26]; // pixels from candle to candle: at least, and where there are few, at most
const RIGHT = 76; // of the price axis
const FOOT = 22; // of the time axis
const SETTLE_MS = 1500;
const SVG = 'http://www.w3.org/2000/svg';
const MINUTES = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const DAYS = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes))
    element.setAttribute(name, typeof value === 'number' ? String(Math.round(value * 100) / 100) : value);
  element.append(...children.flat());
  return element;
}

const readCandle = ({ item, currency }, { date, volume, ...prices }) => ({
  at: date, volume: toUnits(volume, item.decimals),
  ...Object.fromEntries(['open', 'high', 'low', 'close'].map((name) => [name, toUnits(prices[name], currency.decimals)])),
});

/** Round steps between lines: 1, 2 or 5 times a power of ten. */
function stepFor(range, lines) {
  const rough = range / lines;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 5, 10].find((times) => times * power >= rough);
}

/**
 * A chart that can be read with the pointer and with the arrow keys.
 * @param {object} market
 * @param {{plot: Element, readout: Element}} places
 */
export function candleChart(market, { plot, readout }) {
  const { item, currency } = market;
  const unit = 10 ** currency.decimals;
  let interval = 300;
  let candles = new Map();
  let turn = 0;
  let picked = null; // time of the candle that is read, or null: the newest
  let shown = [];
  let pitch = PITCH[0];
  const price = (units) => grouped(units, currency.decimals, market.priceDecimals);
  const picture = svg('svg', { 'aria-hidden': 'true', focusable: 'false' });
  const slider = el('div', { class: 'canvas', role: 'slider', tabindex: '0', 'aria-label': 'Candles, read with the arrow keys',
    'aria-orientation': 'horizontal' }, picture);
  plot.replaceChildren(slider);

  /** Every interval from the first that was asked for up to now; those without trades stand at the price before. */
  function series(count) {
    const times = [...candles.keys()].sort((a, b) => a - b);
    if (!times.length) return [];
    const end = Math.max(Math.floor(Date.now() / 1000 / interval) * interval, times.at(-1));
    const list = [];
    let before = null;
    for (let at = times[0]; at <= end; at += interval) {
      const candle = candles.get(at) ?? { at, open: before, high: before, low: before, close: before, volume: 0n };
      list.push(candle);
      before = candle.close;
    }
    return list.slice(-count);
  }

  const say = ({ at, open, high, low, close, volume }) => [
    interval < 86400 ? `${DAYS.format(at * 1000)} ${MINUTES.format(at * 1000)}` : DAYS.format(at * 1000),
    ['Open', price(open)], ['High', price(high)], ['Low', price(low)], ['Close', price(close)],
    ['Volume', `${grouped(volume, item.decimals, 2)} ${item.code}`],
  ];

  function read(candle) {
    const [when, ...facts] = say(candle);
    const text = [when, ...facts.map((pair) => pair.join(' '))].join(', ');
    if (slider.getAttribute('aria-valuetext') === text) return;
    slider.setAttribute('aria-valuetext', text);
    slider.setAttribute('aria-valuenow', String(shown.indexOf(candle) + 1));
    readout.replaceChildren(el('span', {}, when), ...facts.map(([name, value]) =>
      el('span', {}, `${name} `, el('b', { class: 'money' }, value))));
  }

  const draw = soon(() => {
    const width = slider.clientWidth;
    const height = slider.clientHeight;
    if (!width || !height) return;
    picture.setAttribute('viewBox', `0 0 ${width} ${height}`);
    const wide = width - RIGHT;
    shown = series(Math.min(MOST, Math.floor(wide / PITCH[0])));
    pitch = Math.min(PITCH[1], wide / Math.max(shown.length, 1));
    slider.setAttribute('aria-valuemin', '1');
    slider.setAttribute('aria-valuemax', String(Math.max(shown.length, 1)));
    if (!shown.length) {
      slider.setAttribute('aria-valuenow', '1');
      slider.setAttribute('aria-valuetext', 'No trades yet');
      write(readout, 'No trades in this time');
      picture.replaceChildren();
      return;
    }
    const bottom = height - FOOT;
    const volumeTop = bottom - bottom * 0.18;
    const prices = shown.flatMap(({ high, low }) => [Number(high), Number(low)]);
    const least = Number(market.priceStep) * 10;
    let low = Math.min(...prices);
    let high = Math.max(...prices);
    const margin = Math.max((high - low) * 0.08, least);
    low = Math.max(0, low - margin);
    high += margin;
    const y = (units) => 10 + (high - Number(units)) / (high - low) * (volumeTop - 24);
    const x = (at) => wide - (shown.length - at) * pitch + pitch / 2;
    const broad = Math.round(pitch * 0.64);
    const top = shown.reduce((most, { volume }) => (volume > most ? volume : most), 1n);
    const now = y(shown.at(-1).close);
    const parts = [grid(low, high, y, wide, now), clock(x, bottom, wide)];
    for (const [at, candle] of shown.entries()) {
      const tone = candle.volume === 0n ? 'still' : candle.close >= candle.open ? 'rise' : 'fall';
      const upper = y(candle.close >= candle.open ? candle.close : candle.open);
      const lower = y(candle.close >= candle.open ? candle.open : candle.close);
      const tall = Number(candle.volume * 1000n / top) / 1000 * (bottom - volumeTop);
      parts.push(svg('g', { class: tone },
        candle.volume ? svg('rect', { class: 'volume', x: x(at) - broad / 2, y: bottom - Math.max(tall, 1), width: broad,
          height: Math.max(tall, 1) }) : [],
        svg('path', { class: 'wick', d: `M${x(at)} ${y(candle.high)}V${y(candle.low)}` }),
        svg('rect', { class: 'body', x: x(at) - broad / 2, y: upper, width: broad, height: Math.max(lower - upper, 1) })));
    }
    const chosen = shown.findIndex(({ at }) => at === picked);
    const candle = shown[chosen] ?? shown.at(-1);
    parts.push(tag(now, price(shown.at(-1).close), wide, 'now'));
    if (chosen >= 0) parts.push(svg('path', { class: 'cross', d: `M${x(chosen)} 0V${bottom}` }));
    picture.replaceChildren(...parts);
    read(candle);
  });

  function grid(low, high, y, wide, now) {
    const step = Math.max(stepFor((high - low) / unit, 6), Number(market.priceStep) / unit);
    const lines = svg('g', { class: 'grid' });
    const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    for (let at = Math.ceil(low / unit / step) * step; at <= high / unit; at += step) {
      lines.append(svg('path', { d: `M0 ${y(at * unit)}H${wide}` }));
      if (Math.abs(y(at * unit) - now) > 16) lines.append(svg('text', { x: wide + 8, y: y(at * unit) + 4 }, at.toLocaleString('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals })));
    }
    return lines;
  }

  function clock(x, bottom, wide) {
    const marks = svg('g', { class: 'grid' });
    const every = Math.ceil(90 / pitch);
    const format = interval < 14400 ? MINUTES : DAYS;
    for (const [at, candle] of shown.entries()) {
      if ((candle.at / interval) % every !== 0 || x(at) < 24 || x(at) > wide - 20) continue;
      marks.append(svg('path', { class: 'faint', d: `M${x(at)} 0V${bottom}` }),
        svg('text', { x: x(at), y: bottom + 16, 'text-anchor': 'middle' }, format.format(candle.at * 1000)));
    }
    return marks;
  }

  const tag = (at, text, wide, name) => svg('g', { class: name },
    svg('path', { d: `M0 ${at}H${wide}` }),
    svg('rect', { x: wide + 2, y: at - 10, width: RIGHT - 2, height: 20, rx: 4 }),
    svg('text', { x: wide + 8, y: at + 4 }, text));

  function pick(index) {
    picked = shown[index]?.at ?? null;
    draw();
  }
  slider.addEventListener('pointermove', ({ clientX }) => {
    const { left, width } = slider.getBoundingClientRect();
    const index = Math.floor((clientX - left - (width - RIGHT - shown.length * pitch)) / pitch);
    pick(Math.max(0, Math.min(index, shown.length - 1)));
  });
  slider.addEventListener('pointerleave', () => pick(-1));
  slider.addEventListener('blur', () => pick(-1));
  slider.addEventListener('keydown', (event) => {
    const at = shown.findIndex((candle) => candle.at === picked);
    const now = at < 0 ? shown.length - 1 : at;
    const to = { ArrowLeft: now - 1, ArrowDown: now - 1, ArrowRight: now + 1, ArrowUp: now + 1, Home: 0, End: shown.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    pick(Math.max(0, Math.min(to, shown.length - 1)));
  });
  const watch = new ResizeObserver(draw);
  watch.observe(slider);

  let later = null;
  /** Asks for the candles again soon: what was drawn from news alone may have missed some. */
  function settle() {
    later ??= setTimeout(() => {
      later = null;
      load().catch(() => { /* the next trade or minute asks again */ });
    }, SETTLE_MS);
  }

  async function load() {
    const mine = ++turn;
    const since = Math.floor(Date.now() / 1000) - (MOST + 1) * interval;
    const rows = await api('GET', `/api/1/${market.code}/candles`, { query: { interval, since } });
    if (mine !== turn) return;
    candles = new Map(rows.return.map((row) => [row.date, readCandle(market, row)]));
    draw();
  }

  return {
    load,
    draw,
    /** Shows candles of another length. */
    setInterval(seconds) {
      interval = Number(seconds);
      return load();
    },
    /** Adds a trade to its candle. */
    add({ at, price: units, amount }) {
      const start = Math.floor(at / interval) * interval;
      const candle = candles.get(start);
      candles.set(start, candle ? { ...candle, close: units, volume: candle.volume + amount,
        high: units > candle.high ? units : candle.high, low: units < candle.low ? units : candle.low }
        : { at: start, open: units, high: units, low: units, close: units, volume: amount });
      draw();
      settle();
    },
    settle,
    stop() {
      watch.disconnect();
      clearTimeout(later);
    },
  };
}

/** The choice of candle lengths. */
export function intervalChoice(place, chosen, choose) {
  place.append(...Object.entries(INTERVALS).map(([seconds, short]) => el('label', {},
    el('input', { type: 'radio', name: 'interval', value: seconds, checked: seconds === chosen, 'aria-label': NAMES[seconds],
      onchange: () => choose(seconds) }), el('span', {}, short))));
}
