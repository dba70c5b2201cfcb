/** Numbers as people type them. Digits are moved, nothing is ever computed as floating point. */

/**
 * A plain decimal number as a count of the smallest unit, or null where it is none or needs more than `decimals`
 * decimals.
 */
export function toUnits(text, decimals) {
  const match = /^(\d+)(?:\.(\d+))?$/.exec(text);
  const fraction = (match?.[2] ?? '').replace(/0+$/, '');
  if (!match || fraction.length > decimals) return null;
  return BigInt(match[1] + fraction.padEnd(decimals, '0'));
}

/** What stands between thousands and before decimals, in the ways in which people write numbers. */
const WRITTEN = [[',', '.'], ['.', ','], [' ', '.'], [' ', ','], ['’', '.']];

/** What a text may mean as a number, each as the server takes it: "1,500" may be 1500 and 1.500. */
function meanings(text) {
  const found = WRITTEN.map(([group, point]) => {
    const whole = `\\d*|[1-9]\\d{0,2}(?:[${group}]\\d{3})+`;
    const [, before, after = ''] = new RegExp(`^(${whole})(?:[${point}](\\d*))?$`).exec(text) ?? [];
    return before || after ? `${before.replaceAll(group, '') || '0'}${after ? `.${after}` : ''}` : null;
  });
  return [...new Set(found.filter(Boolean))];
}

/**
 * A typed number as the server takes it, where it can mean only one thing: "1,5" is "1.5", "1.234,5" is "1234.5". Else
 * the text as it is. A point alone always stands before decimals.
 */
export function plainNumber(typed) {
  const text = typed.trim().replaceAll(/[\u00a0\u2009\u202f]/g, ' ').replaceAll("'", '’');
  if (/^\d+(\.\d+)?$/.test(text)) return text;
  const found = meanings(text);
  return found.length === 1 ? found[0] : text;
}

/** What is wrong with an amount that plainNumber() gave, or null; the server decides, this only saves a round trip. */
export function amountProblem(text, decimals) {
  if (!text) return 'Please enter an amount.';
  const units = toUnits(text, decimals);
  if (units === 0n) return 'Please enter more than zero.';
  if (units !== null) return null;
  if (/^\d+\.\d+$/.test(text))
    return decimals ? `This currency has at most ${decimals} decimals.` : 'This currency has no decimals.';
  const [one, other] = meanings(text);
  return other ? `This could be ${one} or ${other}. Please write one of them.`
    : 'Please enter a plain number, such as 1250.50.';
}

/** A decimal number without the zeros at the end of its decimals: "100.50" is "100.5". */
export const withoutZeros = (text) => text.replace(/(?:\.0*|(\.\d*?)0+)$/, '$1');

/** How many decimals the currency of an amount has. */
export const amountDecimals = ({ value }) => value.split('.')[1]?.length ?? 0;
