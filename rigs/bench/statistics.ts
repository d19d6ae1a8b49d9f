/** The q-quantile (0 to 1) of at least one figure, interpolated between neighbours. */
function quantile(figures: readonly number[], q: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

export function median(figures: readonly number[]): number {
  return quantile(figures, 0.5);
}

/** The distance between the quartiles, as a part of the median. */
export function spread(figures: readonly number[]): number {
  const range = quantile(figures, 0.75) - quantile(figures, 0.25);
  return range === 0 ? 0 : range / Math.abs(median(figures));
}
