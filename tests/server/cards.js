[...document.querySelectorAll("[data-series]")].map((root) => {
  const { points } = cards.get(root.dataset.series);
  const steps = points.slice(1).map(({ at, level }, before) => (level * (at - points[before].at)) / 1000);
  return {
    series: root.dataset.series,
    total: root.querySelector(".total").innerText,
    rate: root.querySelector(".rate").innerText,
    points: root.querySelector(".line").points.length,
    // Whether the line leaves the bottom of a plot that has a size.
    rises:
      root.querySelector("svg").getBoundingClientRect().height > 20 &&
      [...root.querySelector(".line").points].some(({ y }) => y < 15),
    // What the rates come to, over the time of the plot.
    grown: steps.reduce((sum, step) => sum + step, 0),
  };
});
