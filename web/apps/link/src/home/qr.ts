import { encode } from 'uqr';

const SVG = 'http://www.w3.org/2000/svg';
/** The quiet zone that readers need on every side. Source: ISO/IEC 18004 §6.3.8. */
const QUIET = 4;

/** A QR code, dark on white in either theme: many phones read nothing else. Built as elements, never parsed. */
export function qrCode(text: string, label: string): SVGSVGElement {
  const { data, size } = encode(text, { ecc: 'M', border: 0 });
  const side = size + 2 * QUIET;
  const element = (name: string, attributes: Record<string, string>) => {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };
  const dark = data.flatMap((row, y) => row.map((on, x) => (on ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : ''))).join('');
  const svg = element('svg', { viewBox: `0 0 ${side} ${side}`, class: 'qr', role: 'img', 'aria-label': label });
  svg.append(
    element('rect', { width: String(side), height: String(side), fill: '#fff' }),
    element('path', { d: dark, fill: '#000', 'shape-rendering': 'crispEdges' }),
  );
  return svg as SVGSVGElement;
}
