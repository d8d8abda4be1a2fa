/**
 * uPlot in React: drawn on a canvas at the size of its place, in the colours of the tokens, drawn again when the theme
 * changes.
 * May import: react, uplot.
 */
import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export type Paint = (token: string) => string;
/** What to draw, given how a token looks now and how large a rem is. */
export type PlotOf = (paint: Paint, rem: number) => { options: Omit<UPlot.Options, 'width' | 'height'>; data: UPlot.AlignedData };

/** @param plotOf a new function means something else is to be drawn. */
export function Plot({ label, plotOf }: { label: string; plotOf: PlotOf }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    let plot: UPlot | null = null;
    const draw = () => {
      plot?.destroy();
      const { width, height } = element.getBoundingClientRect();
      if (width < 20 || height < 20) return;
      const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
      const { options, data } = plotOf((token) => paintOf(element, token), rem);
      plot = new UPlot({ ...options, width, height }, data, element);
    };
    draw();
    const resized = new ResizeObserver(() => {
      const { width, height } = element.getBoundingClientRect();
      if (plot === null || Math.abs(plot.width - width) > 1 || Math.abs(plot.height - height) > 1) draw();
    });
    resized.observe(element);
    const themed = new MutationObserver(draw);
    themed.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
    const system = matchMedia('(prefers-color-scheme: dark)');
    system.addEventListener('change', draw);
    // Text on the canvas is drawn again when its font has arrived.
    void document.fonts.ready.then(draw);
    return () => {
      resized.disconnect();
      themed.disconnect();
      system.removeEventListener('change', draw);
      plot?.destroy();
      plot = null;
      element.replaceChildren();
    };
  }, [plotOf]);
  return <div className="plot" ref={place} role="img" aria-label={label} />;
}

/** A token as a colour that a canvas takes. */
function paintOf(element: HTMLElement, token: string): string {
  element.style.color = `var(--${token})`;
  const colour = getComputedStyle(element).color;
  element.style.color = '';
  return colour;
}
