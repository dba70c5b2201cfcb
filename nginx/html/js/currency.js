/** The currencies as the pages reckon with them. */
import { shownDecimals } from './format.js';

/**
 * A row of /site/currencies.
 * @returns {{code: string, name: string, symbol: string, after: boolean, decimals: number, display: number}} after: the
 *   symbol stands behind the figures; display: so many decimals are shown where the amount needs none
 */
export const readCurrency = ({ currency: code, name, symbol, symbol_position: position, decimals,
  display_decimals: display }) => ({ code, name, symbol, after: position === 'after', decimals,
  display: shownDecimals(code, display) });
